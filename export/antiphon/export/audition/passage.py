"""A passage of a piece: notes between two ticks; what is asked of it one number at a time. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS

from ..corpus.data import Corpus, Piece
from ..corpus.table import Ints
from ..network.augment import notes_of


class Passage(NamedTuple):
    """Notes struck from tick `begin` to before tick `until`."""

    notes: Ints
    """Table; see `table`. Notes may sound on behind `until`."""
    begin: int
    until: int
    bar: int
    """Ticks in a bar; where there are none, of four beats."""

    @property
    def pitched(self) -> Ints:
        """Its notes but for drums."""
        pitched: Ints = self.notes[self.notes[:, 1] != DRUMS]
        return pitched

    def cut(self, begin: int, until: int) -> Passage:
        """The part of it between two ticks."""
        onset = self.notes[:, 0]
        return Passage(self.notes[(onset >= begin) & (onset < until)], begin, until, self.bar)

    def released(self) -> Passage:
        """The same with every key let go by its end."""
        notes = self.notes.copy()
        notes[:, 3] = np.minimum(notes[:, 3], self.until)
        return self._replace(notes=notes)


def piece_notes(corpus: Corpus, piece: Piece) -> Ints:
    """All notes of a piece of a prepared corpus; lengths and velocities as tokens tell them."""
    token, velocity, _, tick = corpus.rows(piece, 0, piece.length)
    return notes_of(token.astype(np.int64), velocity.astype(np.int64), tick.astype(np.int64))


def metre_of(piece: Piece) -> tuple[int, int] | None:
    """Beats in a bar and the beat's value; None where there are no bars, or rare ones."""
    name = vocab.METRES[piece.metre - vocab.METRE] if piece.metre and piece.bar else "other"
    if name == "other":
        return None
    beats, value = name.split("/")
    return int(beats), int(value)


def longest_note(passage: Passage) -> int:
    """Ticks of the longest pitched note; 0 if there is none."""
    lengths = passage.pitched[:, 3] - passage.pitched[:, 0]
    return int(lengths.max(initial=0))


def rings_on(passage: Passage) -> int:
    """Ticks that its last pitched note sounds on behind its end; 0 if none does."""
    return int((passage.pitched[:, 3] - passage.until).max(initial=0))


def longest_silence(passage: Passage) -> int:
    """Ticks of the longest time in which nothing sounds, beginning and end included."""
    onset, end = passage.notes[:, 0], passage.notes[:, 3]
    silent_from = np.maximum.accumulate(np.r_[passage.begin, end])
    return int((np.r_[onset, passage.until] - silent_from).max())


def density_ratio(passage: Passage, other: Passage) -> float:
    """Notes a tick of a passage over those of another, which has some."""
    length, other_length = passage.until - passage.begin, other.until - other.begin
    return len(passage.notes) / length / (len(other.notes) / other_length)
