"""Melodies drawn by number, as tables of notes."""

from __future__ import annotations

import numpy as np

from antiphon.engine.notes import Note
from antiphon.export.corpus.table import Ints, merged


def tune(seed: int, length: int = 400) -> Ints:
    """A melody nobody will write again."""
    rng = np.random.default_rng(seed)
    onset = np.cumsum(rng.choice([12, 24, 24, 48, 96], length))
    pitch = 60 + np.cumsum(rng.integers(-2, 3, length)) % 24
    columns = [onset, np.zeros(length), pitch, onset + 12, np.full(length, 80)]
    return merged(np.stack(columns, axis=1).astype(np.int64))


def transposed(notes: Ints, by: int) -> Ints:
    """So many semitones higher."""
    moved = notes.copy()
    moved[:, 2] += by
    return moved


def notes_of(table: Ints) -> list[Note]:
    """The same as notes."""
    return [Note(o, i, p, end - o, v) for o, i, p, end, v in table.tolist()]
