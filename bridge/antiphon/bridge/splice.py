"""Notes of a MIDI file replaced for some ticks: everything else in it stays as it is.

It works on bytes, so that what nobody here understands stays too. Ticks are ours, 48 to the beat,
unless they are called the file's.
"""

from __future__ import annotations

import struct
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, TICKS_PER_BEAT, Note, family

from . import chunks, midi
from .channels import PITCHED

_META, _LONG = 0xFF, (0xF0, 0xF7)
_END_OF_TRACK = b"\xff\x2f"
_SMPTE = 0x8000
_RELEASE, _KEPT, _STRIKE, _LAST = range(4)
"""Order within a tick: new releases ahead of what was there, new strikes behind it."""


Held = defaultdict[tuple[int, int], list[tuple[int, int]]]


class Event(NamedTuple):
    """One event of a track."""

    at: int
    """Tick of the file."""
    order: int
    data: bytes
    """With its status."""


class Strike(NamedTuple):
    """A key that goes down, and up again unless it hangs."""

    tick: int
    instrument: int
    track: int
    channel: int
    events: tuple[int, ...]
    """Indices in its track."""


@dataclass(frozen=True, slots=True)
class Score:
    """A file, event by event."""

    kind: int
    """0 or 1."""
    division: int
    """The file's ticks to the beat."""
    tracks: tuple[tuple[Event, ...], ...]
    """Each with its end."""

    def spliced(
        self, start: int, until: int, notes: Sequence[Note], programs: Mapping[int, int]
    ) -> bytes:
        """The file without the notes struck from tick `start` to `until`, and with `notes` instead.

        They go where the file has their instrument. One that it lacks gets a channel that is free,
        or the last, and its sound of `programs`, which maps instrument to General MIDI program.
        """
        strikes = list(self._strikes())
        tracks = [list(track) for track in self._without(strikes, start, until)]
        homes = self._homes(strikes, {note.instrument for note in notes})
        for instrument in homes.keys() - {strike.instrument for strike in strikes} - {DRUMS}:
            track, channel = homes[instrument]
            sound = midi.program(channel, programs.get(instrument, 8 * instrument))
            tracks[track].append(Event(0, _KEPT, sound))
        kept = self._keys_held(s for s in strikes if not start <= s.tick < until)
        for note in notes:
            track, channel = homes[note.instrument]
            tracks[track] += self._keys(note, channel, kept[channel, note.pitch])
        return _file(self.kind, self.division, tracks)

    def _strikes(self) -> Iterator[Strike]:
        """Every note, as `Hearing` hears it."""
        programs: dict[int, int] = defaultdict(int)
        held: dict[tuple[int, int, int], deque[Strike]] = defaultdict(deque)
        for at, track, i, data in self._merged():
            channel, kind = midi.channel(data), midi.kind(data)
            if kind == midi.PROGRAM:
                programs[channel] = data[1]
            elif kind == midi.NOTE_ON:
                instrument = family(programs[channel], channel)
                strike = Strike(self._tick(at), instrument, track, channel, (i,))
                held[track, channel, data[1]].append(strike)
            elif kind == midi.NOTE_OFF and held[track, channel, data[1]]:
                strike = held[track, channel, data[1]].popleft()
                yield strike._replace(events=(*strike.events, i))
        yield from (strike for hanging in held.values() for strike in hanging)

    def _merged(self) -> list[tuple[int, int, int, bytes]]:
        """(file's tick, track, index, data) of all channel messages, in order of time."""
        return sorted(
            (event.at, track, i, event.data)
            for track, events in enumerate(self.tracks)
            for i, event in enumerate(events)
            if event.data[0] < min(_LONG)
        )

    def _without(
        self, strikes: Sequence[Strike], start: int, until: int
    ) -> Iterator[Iterator[Event]]:
        """The tracks without the notes struck in some ticks."""
        gone = {(s.track, i) for s in strikes if start <= s.tick < until for i in s.events}
        for n, track in enumerate(self.tracks):
            yield (event for i, event in enumerate(track) if (n, i) not in gone)

    def _homes(
        self, strikes: Sequence[Strike], instruments: set[int]
    ) -> dict[int, tuple[int, int]]:
        """Track and channel of each instrument: where most of its notes are."""
        heard = Counter((s.instrument, s.track, s.channel) for s in strikes)
        homes = {
            instrument: (track, channel)
            for (instrument, track, channel), _ in reversed(heard.most_common())
            if instrument in instruments
        }
        taken = {s.channel for s in strikes}
        free = [*(channel for channel in PITCHED if channel not in taken), PITCHED[-1]]
        last = len(self.tracks) - 1
        for instrument in sorted(instruments - homes.keys()):
            channel = DRUM_CHANNEL if instrument == DRUMS else free[0]
            homes[instrument] = last, channel
            free = free[1:] or free
        return homes

    def _keys_held(self, strikes: Iterable[Strike]) -> Held:
        """When each key of each channel is down, in the file's ticks; hanging ones are left out."""
        held: Held = defaultdict(list)
        for strike in strikes:
            on, *off = (self.tracks[strike.track][i] for i in strike.events)
            held[strike.channel, on.data[1]] += [(on.at, event.at) for event in off]
        return held

    def _keys(self, note: Note, channel: int, held: Iterable[tuple[int, int]]) -> list[Event]:
        """Strike and release of a note; where rounding has it meet one that stays, it gives way."""
        on, off = self._at(note.onset), self._at(note.end)
        for other_on, other_off in held:
            if other_on <= on < other_off:
                on = other_off
            elif on < other_on < off:
                off = other_on
        return [
            Event(on, _STRIKE, midi.note_on(channel, note.pitch, note.velocity)),
            Event(max(off, on + 1), _RELEASE, midi.note_off(channel, note.pitch)),
        ]

    def _tick(self, at: int) -> int:
        return (2 * at * TICKS_PER_BEAT + self.division) // (2 * self.division)

    def _at(self, tick: int) -> int:
        return (2 * tick * self.division + TICKS_PER_BEAT) // (2 * TICKS_PER_BEAT)


def read(path: Path) -> Score:
    """Read a file whose events have places in bars: `FileRefused` for all others. [may block]"""
    kind, division, tracks = chunks.parts(path, path.read_bytes())
    if kind > 1 or division & _SMPTE or not division or not tracks:
        raise FileRefused(f"{path} has no bars that could be counted.")
    try:
        return Score(kind, division, tuple(tuple(_events(track)) for track in tracks))
    except IndexError:
        raise FileRefused(f"{path} is damaged, so none of it can be replaced.") from None


def _events(track: bytes) -> Iterator[Event]:
    """The events up to the end of the track; IndexError if it is cut short."""
    at, tick, status = 0, 0, midi.NOTE_OFF
    while True:
        wait, at = chunks.number(track, at)
        tick += wait
        begin = at
        if track[at] == _META or track[at] in _LONG:
            size, start = chunks.number(track, at + 1 + (track[at] == _META))
            at = start + size
            data = track[begin:at]
        else:
            status, begin = (track[at], at + 1) if track[at] >= midi.NOTE_OFF else (status, at)
            at = begin + (1 if 0xC0 <= status < 0xE0 else 2)
            data = bytes((status, *track[begin:at]))
        if at > len(track) or status >= _LONG[0]:
            raise IndexError
        if data[:2] == _END_OF_TRACK:
            yield Event(tick, _LAST, data)
            return
        yield Event(tick, _KEPT, data)


def _file(kind: int, division: int, tracks: Sequence[Sequence[Event]]) -> bytes:
    header = struct.pack(">4sLHHH", b"MThd", 6, kind, len(tracks), division)
    bodies = [_body(sorted(track, key=_place)) for track in tracks]
    return header + b"".join(struct.pack(">4sL", b"MTrk", len(body)) + body for body in bodies)


def _place(event: Event) -> tuple[bool, int, int]:
    return event.order == _LAST, event.at, event.order


def _body(events: Sequence[Event]) -> bytes:
    body, at = bytearray(), 0
    for event in events:
        body += chunks.encoded(max(event.at - at, 0)) + event.data
        at = event.at
    return bytes(body)
