"""Phrases to answer, from unseen pieces: eight bars that are heard, and the eight after them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import FREE_TEMPO_BPM, TICKS_PER_BEAT
from antiphon.engine.protocol import Open

from ..corpus.data import Corpus, Piece
from .passage import Passage, metre_of, piece_notes

BARS = 8
FREE_BAR = 4 * TICKS_PER_BEAT
"""Ticks of a bar where there are none."""
FEWEST_NOTES = 8
"""In a phrase, and in what followed it."""


class Phrase(NamedTuple):
    """A place in a piece, moved so that the phrase begins at tick 0, on a bar line."""

    piece: Piece
    heard: Passage
    real: Passage
    """What followed."""

    def opening(self, seed: int) -> Open:
        """How a session begins that hears it: tempo and metre are told, if there are any."""
        return Open(1, seed, bpm=self.bpm, metre=metre_of(self.piece))

    @property
    def bpm(self) -> float | None:
        """Its tempo; None where there are no beats."""
        return vocab.TEMPOS_BPM[self.piece.tempo - vocab.TEMPO] if self.piece.bar else None

    def ticks(self, seconds: float) -> int:
        """Ticks in some seconds at its tempo."""
        return round(seconds / 60 * (self.bpm or FREE_TEMPO_BPM) * TICKS_PER_BEAT)


def phrases(corpus: Corpus, most: int, seed: int = 1) -> list[Phrase]:
    """At most so many phrases, one a piece, as evenly from the collections as they allow."""
    rng = np.random.default_rng(seed)
    waiting = [
        (phrase for piece in _shuffled(pieces, rng) for phrase in _from(corpus, piece, rng))
        for _, pieces in sorted(corpus.by_collection().items())
    ]
    found: list[Phrase] = []
    while waiting:
        drawn = [(source, next(source, None)) for source in waiting]
        found += [phrase for _, phrase in drawn if phrase]
        waiting = [source for source, phrase in drawn if phrase]
        if len(found) >= most:
            break
    return found[:most]


def _shuffled(pieces: list[Piece], rng: np.random.Generator) -> list[Piece]:
    return [pieces[i] for i in rng.permutation(len(pieces))]


def _from(corpus: Corpus, piece: Piece, rng: np.random.Generator) -> Iterator[Phrase]:
    """A phrase that begins in the first third of a piece; none if the piece is too short."""
    notes, bar = piece_notes(corpus, piece), piece.bar or FREE_BAR
    bars = int(notes[-1, 0]) // bar + 1
    if bars < 2 * BARS:
        return
    begin = bar * int(rng.integers(min(bars // 3, bars - 2 * BARS) + 1))
    whole = notes - begin * np.array([1, 0, 0, 1, 0])
    piece_from_there = Passage(whole, 0, 2 * BARS * bar, bar)
    heard, real = (piece_from_there.cut(i * BARS * bar, (i + 1) * BARS * bar) for i in range(2))
    if min(len(heard.notes), len(real.notes)) >= FEWEST_NOTES:
        yield Phrase(piece, heard.released(), real)
