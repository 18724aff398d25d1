"""The beginning or the end of some music: whole moments, as many as fit a number of rows. Pure.

Notes are in order, and no key is struck while it is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from .notes import Note
from .tokens import Cursor, encode_note

Moment = list[Note]


def first(notes: Sequence[Note], most_rows: int) -> list[Note]:
    """The earliest notes, in at most so many rows."""
    return [note for moment in _fitting(_moments(notes), most_rows) for note in moment]


def last(notes: Sequence[Note], most_rows: int) -> list[Note]:
    """The latest notes, in at most so many rows."""
    kept = _fitting(reversed(_moments(notes)), most_rows)
    return [note for moment in reversed(kept) for note in moment]


def _fitting(moments: Iterable[tuple[Moment, int]], most_rows: int) -> list[Moment]:
    """Moments for as long as there is room."""
    kept = []
    for moment, rows in moments:
        most_rows -= rows
        if most_rows < 0:
            break
        kept.append(moment)
    return kept


def _moments(notes: Sequence[Note]) -> list[tuple[Moment, int]]:
    """The notes of each moment, and its rows: waits that lead to it, notes, lengths."""
    cursor = Cursor(notes[0].onset if notes else 0)
    moments = [list(group) for _, group in groupby(notes, key=lambda note: note.onset)]
    return [(moment, sum(len(encode_note(n, cursor)) for n in moment)) for moment in moments]
