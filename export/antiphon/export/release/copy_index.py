"""Writes down which runs of notes training music has, so that an answer which copies is noticed.

The steps, grams and hashes are those of `antiphon.engine.copies`, here of a whole piece at once; a
test holds them equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from antiphon.engine.copies import GRAM, LONGEST_WAIT, MULTIPLIER, SIXTEENTH, Index
from antiphon.engine.notes import DRUMS

from ..corpus.data import Corpus, Piece
from ..corpus.table import Ints
from ..network.augment import notes_of

Hashes = npt.NDArray[np.uint64]

FULL = 0.45
"""Share of the bits that are set, and of other grams that seem to be known."""
ROUNDS = 2
"""Times that each piece is gone through: once to count its grams, once to write them down."""


def index(corpus: Corpus, told: Callable[[], None] = lambda: None) -> Index:
    """The index of all pieces; `told` is called `ROUNDS` times a piece.

    Memory: five bytes a note and one piece. The same corpus gives the same bytes.
    """
    counted = _marked(corpus, max(1, 4 * sum(piece.n_notes for piece in corpus.pieces)), told)
    n_bits = len(counted) * math.log1p(-counted.mean()) / math.log1p(-FULL)
    n_bytes = max(1, round(n_bits / 8))
    return Index(np.packbits(_marked(corpus, 8 * n_bytes, told), bitorder="little").tobytes())


def _marked(corpus: Corpus, size: int, told: Callable[[], None]) -> npt.NDArray[np.bool_]:
    """An array (size,) with the place of each gram set."""
    marks = np.zeros(size, np.bool_)
    for found in _hashes(corpus):
        marks[((found >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32)] = True
        told()
    return marks


def _hashes(corpus: Corpus) -> Iterator[Hashes]:
    for piece in corpus.pieces:
        yield hashes(steps(_notes(corpus, piece)))


def _notes(corpus: Corpus, piece: Piece) -> Ints:
    token, velocity, _, tick = corpus.rows(piece, 0, piece.length)
    return notes_of(token.astype(np.int64), velocity.astype(np.int64), tick.astype(np.int64))


def steps(notes: Ints) -> Hashes:
    """Steps between the pitched notes of a table, one fewer than they are."""
    pitched = notes[notes[:, 1] != DRUMS]
    sixteenths = np.minimum((np.diff(pitched[:, 0]) + SIXTEENTH // 2) // SIXTEENTH, LONGEST_WAIT)
    told: Hashes = (256 * sixteenths + np.diff(pitched[:, 2]) + 127).astype(np.uint64)
    return told


def hashes(symbols: Hashes) -> Hashes:
    """The hash of each gram of N steps (N - GRAM + 1,), or none."""
    count = max(0, len(symbols) - GRAM + 1)
    found = np.zeros(count, np.uint64)
    for i in range(GRAM):
        found = (found + symbols[i : i + count]) * np.uint64(MULTIPLIER)
    return found
