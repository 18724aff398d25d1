"""Notes to token rows and back: MuseNet's encoding with lengths in place of note-offs.

A **row** is what the model sees at one position: the token id and five companions. All but the
id may be 0, "unknown". Every note is born with its length, so nothing that is decoded can hang.
A row may also be a mix of two tokens, which is how two styles are blended.

    wait:12   piano:v64:C4   len:24   piano:v64:E4   len:24   wait:24   …
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from .notes import DRUMS, Note, without_overlaps
from .vocabulary import (
    UNKNOWN_VELOCITY,
    bin_velocity,
    instrument_pitch,
    is_length,
    is_note,
    is_wait,
    length_id,
    needs_length,
    note_id,
    ticks_of,
    velocity_bin,
    wait_ids,
)

DRUM_LENGTH = 6
"""Ticks a drum note is said to last; no length token is spent on it."""

MAX_REST = 3072
"""Ticks, 16 bars of 4/4, that a rest is at most told as: nobody waits longer for the next note, and
a player who comes back after an hour should not find the context full of waiting.
"""

MAX_TIMING = 384
MAX_CHORD = 16
MAX_PART = 128
MAX_COUNTDOWN = 128


class Column(IntEnum):
    """Columns of a row."""

    TOKEN = 0
    """Id in the vocabulary."""
    VELOCITY = 1
    """Velocity bin + 1 of a note token (1..8), else 0."""
    TIMING = 2
    """1 + ticks into the bar of the moment this token stands at (1..384), 0 off any grid."""
    CHORD = 3
    """n-th note of its moment, 1..16 (later ones stay 16), 0 for tokens that are no note."""
    PART = 4
    """1 + which 128th of the piece this is (1..128), 0 where the whole is not known."""
    COUNTDOWN = 5
    """1 + 128ths of the piece still to come (1..128), 0 where the end is not known."""
    OTHER = 6
    """Id of a second token whose embedding is mixed in, 0 where `SHARE` is."""
    SHARE = 7
    """Percent of the embedding that is the second token's (0..100)."""


class Row(NamedTuple):
    """One position of the model's input; fields as in `Column`."""

    token: int
    velocity: int = UNKNOWN_VELOCITY
    timing: int = 0
    chord: int = 0
    part: int = 0
    countdown: int = 0
    other: int = 0
    share: int = 0


class Grid(NamedTuple):
    """Where bars fall: a bar line at `origin` and one every `bar` ticks."""

    origin: int
    bar: int

    def timing(self, tick: int) -> int:
        """Value of the timing column at a tick."""
        return 1 + min((tick - self.origin) % self.bar, MAX_TIMING - 1)


class Whole(NamedTuple):
    """The piece from end to end: it begins at tick `origin` and lasts `total` ticks, at least 1."""

    origin: int
    total: int

    def place(self, tick: int) -> tuple[int, int]:
        """Values of the part and countdown columns at a tick."""
        done = min(max(MAX_PART * (tick - self.origin) // self.total, 0), MAX_PART - 1)
        return 1 + done, MAX_COUNTDOWN - done


class Cursor:
    """Running positions of a stream of tokens: gives each token its row.

    One cursor serves both directions: `advance` is told the next token, whether it was read from
    notes or drawn by the model. Without a grid the timing column stays unknown, part and countdown
    without the whole.
    """

    def __init__(self, tick: int = 0, grid: Grid | None = None, whole: Whole | None = None) -> None:
        self.tick = tick
        """Tick of the moment reached."""
        self._grid, self._whole = grid, whole
        self._chord = 0

    def rest_until(self, tick: int) -> list[Row]:
        """Rows of the waits from here to `tick`; longer rests than `MAX_REST` are told short."""
        rows = [self.advance(wait) for wait in wait_ids(min(tick - self.tick, MAX_REST))]
        self.tick = max(self.tick, tick)
        return rows

    def resume(self, chord: int) -> None:
        """Go on inside a moment that already holds `chord` notes."""
        self._chord = min(chord, MAX_CHORD)

    def advance(self, token: int, velocity: int = UNKNOWN_VELOCITY) -> Row:
        """Row of the next token; `velocity` is the column's value, 1..8 for notes."""
        if is_wait(token):
            self.tick += ticks_of(token)
            self._chord = 0
        elif is_note(token):
            self._chord = min(self._chord + 1, MAX_CHORD)
        timing = self._grid.timing(self.tick) if self._grid else 0
        chord = self._chord if is_note(token) or is_length(token) else 0
        part, countdown = self._whole.place(self.tick) if self._whole else (0, 0)
        return Row(token, velocity, timing, chord, part, countdown)


def encode_note(note: Note, cursor: Cursor) -> list[Row]:
    """Rows of one note: the waits that lead to it from the cursor, the note, its length."""
    rows = cursor.rest_until(note.onset)
    velocity = velocity_bin(note.velocity) + 1
    rows.append(cursor.advance(note_id(note.instrument, note.pitch), velocity))
    if note.instrument != DRUMS:
        rows.append(cursor.advance(length_id(note.length)))
    return rows


def encode(
    notes: Iterable[Note], origin: int = 0, grid: Grid | None = None, whole: Whole | None = None
) -> list[Row]:
    """Rows of some notes, starting at tick `origin`; overlaps of one key are cut first."""
    cursor = Cursor(origin, grid, whole)
    return [row for note in without_overlaps(notes) for row in encode_note(note, cursor)]


class Decoder:
    """Token rows to notes, one row at a time. Any stream of tokens is accepted.

    A note that no length follows gets the shortest; a length that follows no note says nothing.
    """

    def __init__(self, tick: int = 0) -> None:
        self.tick = tick
        """Tick of the moment reached."""
        self._waiting: tuple[int, int, int] | None = None

    @property
    def mid_note(self) -> bool:
        """Whether a note waits for its length."""
        return self._waiting is not None

    def push(self, token: int, velocity: int = UNKNOWN_VELOCITY) -> list[Note]:
        """Notes that this token completes (at most two: one cut off, one new)."""
        if is_length(token):
            return self._finish(ticks_of(token))
        done = self._finish(1)
        if is_wait(token):
            self.tick += ticks_of(token)
        elif is_note(token):
            instrument, pitch = instrument_pitch(token)
            self._waiting = instrument, pitch, bin_velocity(max(0, velocity - 1))
            if not needs_length(token):
                done += self._finish(DRUM_LENGTH)
        return done

    def finish(self) -> list[Note]:
        """The note still waiting for its length, if there is one."""
        return self._finish(1)

    def _finish(self, length: int) -> list[Note]:
        if self._waiting is None:
            return []
        instrument, pitch, velocity = self._waiting
        self._waiting = None
        return [Note(self.tick, instrument, pitch, length, velocity)]


def decode(rows: Iterable[Row], origin: int = 0) -> list[Note]:
    """Notes of some rows, in order, overlaps of one key cut."""
    decoder = Decoder(origin)
    notes = [note for row in rows for note in decoder.push(row.token, row.velocity)]
    return without_overlaps(notes + decoder.finish())


def quantised(notes: Sequence[Note]) -> list[Note]:
    """The notes as they come back from tokens: lengths and velocities on the model's grid."""
    return decode(encode(notes))
