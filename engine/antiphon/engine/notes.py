"""The nouns of music that every part of Antiphon shares: notes, key events, instruments, ticks.

Musical time is a whole number of ticks, 48 to the beat. Values here are frozen and travel on the
wire as they are (arrays of numbers), so a note is one thing from the model to the speaker.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

TICKS_PER_BEAT = 48
"""Integer on purpose: 48 divides into halves, thirds, sixteenths and triplet sixteenths."""

FREE_TEMPO_BPM = 120
"""The tempo of free time: without a clock a tick lasts 10.4 ms."""

INSTRUMENTS = (
    "piano", "chromatic", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed",
    "pipe", "lead", "pad", "effects", "ethnic", "percussive", "sfx", "drums",
)  # fmt: skip
"""The 16 General MIDI families in order of program number, then drums."""

DRUMS = INSTRUMENTS.index("drums")
PIANO = INSTRUMENTS.index("piano")
DRUM_CHANNEL = 9
"""General MIDI plays drums on channel 10, which is 9 counted from 0."""

Ticks = Annotated[int, Meta(ge=0, le=2**40)]
Instrument = Annotated[int, Meta(ge=0, le=DRUMS)]
Pitch = Annotated[int, Meta(ge=0, le=127)]
Velocity = Annotated[int, Meta(ge=1, le=127)]


class Note(Struct, frozen=True, order=True, array_like=True):
    """One note, complete from birth. Notes sort by onset, then instrument, then pitch."""

    onset: Ticks
    """Ticks since the session's origin."""
    instrument: Instrument
    """Index into `INSTRUMENTS`."""
    pitch: Pitch
    """MIDI key number, 60 is middle C."""
    length: Annotated[int, Meta(ge=1, le=2**40)]
    """Ticks from onset to release, at least 1. Drums keep a length too, but nobody hears it."""
    velocity: Velocity
    """MIDI velocity, 1..127."""

    @property
    def end(self) -> int:
        """Tick of the release."""
        return self.onset + self.length


class NoteOn(Struct, frozen=True, array_like=True, tag="on"):
    """A key went down."""

    tick: Ticks
    """Ticks since the session's origin."""
    instrument: Instrument
    """Index into `INSTRUMENTS`."""
    pitch: Pitch
    """MIDI key number, 60 is middle C."""
    velocity: Velocity
    """MIDI velocity, 1..127."""


class NoteOff(Struct, frozen=True, array_like=True, tag="off"):
    """A key went up. Without a matching `NoteOn` it means nothing and is ignored."""

    tick: Ticks
    """Ticks since the session's origin."""
    instrument: Instrument
    """Index into `INSTRUMENTS`."""
    pitch: Pitch
    """MIDI key number, 60 is middle C."""


class Pedal(Struct, frozen=True, array_like=True, tag="pedal"):
    """The sustain pedal of an instrument moved. While it is down, released keys go on sounding."""

    tick: Ticks
    """Ticks since the session's origin."""
    instrument: Instrument
    """Index into `INSTRUMENTS`."""
    down: bool
    """True when it went down, False when it came up."""


Event = NoteOn | NoteOff | Pedal


def family(program: int, channel: int = 0) -> int:
    """Instrument index of a General MIDI program (0..127) on a channel (0..15)."""
    return DRUMS if channel == DRUM_CHANNEL else program // 8


def events_of(notes: Iterable[Note]) -> list[NoteOn | NoteOff]:
    """Key events of some notes, in order of time, releases before strikes of the same tick.

    A note struck on a key its instrument still holds cuts the earlier one, and of two notes with
    the same onset and key the first given wins, so every `NoteOn` has exactly one `NoteOff`.
    """
    timed: list[tuple[int, int, NoteOn | NoteOff]] = []
    for note in without_overlaps(notes):
        timed.append((note.onset, 1, NoteOn(*_strike(note))))
        timed.append((note.end, 0, NoteOff(note.end, note.instrument, note.pitch)))
    timed.sort(key=lambda item: (item[0], item[1], item[2].instrument, item[2].pitch))
    return [event for _, _, event in timed]


def without_overlaps(notes: Iterable[Note]) -> list[Note]:
    """The notes in order, each cut where its own key is struck again; doubles are dropped."""
    result: list[Note] = []
    latest: dict[tuple[int, int], int] = {}
    for note in sorted(notes, key=lambda n: (n.onset, n.instrument, n.pitch)):
        key = (note.instrument, note.pitch)
        at = latest.get(key)
        if at is not None:
            before = result[at]
            if before.onset == note.onset:
                continue
            if before.end > note.onset:
                result[at] = shortened(before, note.onset)
        latest[key] = len(result)
        result.append(note)
    return result


def shortened(note: Note, end: int) -> Note:
    """The same note, released at tick `end` (at least one tick after its onset)."""
    return Note(note.onset, note.instrument, note.pitch, max(1, end - note.onset), note.velocity)


def _strike(note: Note) -> tuple[int, int, int, int]:
    return note.onset, note.instrument, note.pitch, note.velocity
