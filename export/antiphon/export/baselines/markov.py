"""A Markov model of music, to hold the networks against: what follows is what followed before.

Two sets of n-grams: tokens after up to 8 tokens, and velocities after up to 8 velocities of the
same instrument.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import INSTRUMENTS

from ..corpus.data import Corpus, Piece
from ..wholefile import whole
from .ngrams import LONGEST, Ints, Lines, Ngrams, learn, packed, quietly, unpacked

FILE = "markov.npz"
MOST = 9_000_000
"""Tokens learnt of each collection: no one may drown the others."""
STEPS = LONGEST
N_VELOCITIES = vocab.VELOCITY_BINS + len(INSTRUMENTS)
"""Velocity bins, then a mark for each instrument."""


class Markov(NamedTuple):
    """What was learnt of tokens and of velocities, and from what."""

    tokens: Ngrams
    velocities: Ngrams
    learnt_from: str
    """Digest of the music."""

    def save(self, file: Path) -> None:
        """Write one .npz, whole or not at all; FileRefused if it cannot be."""
        arrays = packed("tokens", self.tokens) | packed("velocities", self.velocities)
        with whole(file) as part, part.open("wb") as out:
            np.savez(out, allow_pickle=False, learnt_from=np.array(self.learnt_from), **arrays)

    @classmethod
    def load(cls, file: Path) -> Markov:
        """Read what `save` wrote; FileRefused if there is none."""
        try:
            with np.load(file) as arrays:
                grams = unpacked("tokens", arrays), unpacked("velocities", arrays)
                return cls(*grams, str(arrays["learnt_from"]))
        except (OSError, ValueError, KeyError):
            raise FileRefused(f"{file} holds no Markov model.") from None


def train(corpus: Corpus, most: int = MOST, step: Callable[[], None] = quietly) -> Markov:
    """Learn from a corpus; of each collection pieces picked at random, about `most` tokens.

    `step` is called `STEPS` times as it goes.
    """
    pieces = list(picked(corpus, most))
    lines = [lines_of(corpus, piece) for piece in pieces]
    velocities = [line for _, several in lines for line in several]
    tokens = learn(Lines.of([token for token, _ in lines]), vocab.STYLE, step=step)
    return Markov(tokens, learn(Lines.of(velocities), N_VELOCITIES), corpus.digest())


def picked(corpus: Corpus, most: int) -> Iterator[Piece]:
    """Of each collection pieces at random until they have `most` tokens, or all."""
    rng = np.random.default_rng(0)
    for pieces in corpus.by_collection().values():
        order = [pieces[i] for i in rng.permutation(len(pieces))]
        before = np.cumsum([0, *(p.length for p in order)])
        yield from order[: int(np.searchsorted(before, most))]


def lines_of(corpus: Corpus, piece: Piece) -> tuple[Ints, list[Ints]]:
    """The tokens of a piece between `start` and `end`, and its velocity lines."""
    token, velocity, *_ = corpus.rows(piece, 0, piece.length)
    line = np.concatenate([[vocab.START], token, [vocab.END]]).astype(np.int64)
    return line, velocity_lines(token, velocity)


def velocity_lines(token: npt.NDArray[Any], velocity: npt.NDArray[Any]) -> list[Ints]:
    """For each instrument its mark, and the velocity bins of its notes, from two columns of rows.

    An instrument's mark is the number of bins and its own.
    """
    struck = np.flatnonzero(velocity)
    instrument = (token[struck].astype(np.int64) - vocab.NOTE) // 128
    bins = velocity[struck].astype(np.int64) - 1
    return [
        np.append(vocab.VELOCITY_BINS + i, bins[instrument == i]) for i in np.unique(instrument)
    ]
