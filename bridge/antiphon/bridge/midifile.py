"""Standard MIDI files in and out, and how a file is put on disk whole or not at all.

The only module that knows mido. It knows nothing of sessions: a file is a phrase and back.
"""

from __future__ import annotations

import io
import os
import struct
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import mido
from mido.midifiles.meta import encode_variable_int

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import (
    DRUM_CHANNEL,
    DRUMS,
    INSTRUMENTS,
    TICKS_PER_BEAT,
    Note,
    NoteOn,
    Pedal,
    events_of,
    family,
    without_overlaps,
)

MAX_BYTES = 16 * 2**20
MAX_EVENTS = 1_000_000
MAX_SECONDS = 24 * 3600
DEFAULT_BPM = 120.0
DEFAULT_METRE = (4, 4)

_FINE = 10  # file ticks per tick when writing: 480 to the beat, which every DAW reads
_PITCHED_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
_SUSTAIN = 64
_SLOWEST_BEAT_US = 2**24 - 1  # a tempo event holds 24 bits
_END_OF_TRACK = b"\xff\x2f\x00"
_META_KEPT = {0x51: 3, 0x58: 4}  # tempo and metre, with the sizes they must have
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # stray wire messages; the others carry no data


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a file holds: notes in order, no key struck while held, one tempo, one metre."""

    notes: tuple[Note, ...]
    pedals: tuple[Pedal, ...]
    tempo_bpm: float
    """Beats per minute, the first tempo of the file; later changes are not kept."""
    metre: tuple[int, int]
    programs: dict[int, int]
    """General MIDI program (0..127) of each instrument index heard, the first one it used."""


def read(path: Path) -> Phrase:
    """Read a file of type 0, 1 or 2, plain or RMID, as far as it is whole.

    Type 2 tracks follow each other. Raises `FileRefused` with one sentence for everything else.
    """
    kind, division, tracks = _chunks(path, _contents(path))
    per_beat = _ticks_per_beat(path, division)
    plain = _plain_tracks(path, tracks)
    try:
        heard = _hear(_parsed(plain), in_turn=kind == 2)
    except Exception as error:  # mido raises all kinds
        raise FileRefused(f"{path} is damaged, so it cannot be read.") from error
    if not heard.strikes:
        raise FileRefused(f"{path} has no notes in it.")
    if division & 0x8000:
        heard.beat_us = None
    phrase = heard.phrase(*per_beat)
    _check_length(path, phrase.notes, phrase.tempo_bpm)
    return phrase


def write(
    path: Path,
    tracks: Mapping[str, Sequence[Note]],
    *,
    tempo_bpm: float,
    metre: tuple[int, int],
    programs: Mapping[int, int],
    pedals: Sequence[Pedal] = (),
) -> None:
    """Write the parts as a type 1 file, one track for each part and instrument.

    `programs` maps instrument index to General MIDI program; an instrument it lacks gets the
    first of its family. Pedals belong to the first part. The same arguments give the same bytes.
    Raises `FileRefused` if the folder cannot be written, or for what a MIDI file cannot hold.
    """
    _check_length(path, [note for notes in tracks.values() for note in notes], tempo_bpm)
    channels = _channels(path, tracks)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT * _FINE, charset="utf-8")
    file.tracks.append(_conductor(tempo_bpm, metre))
    for (part, instrument), channel in channels.items():
        feet = pedals if part == next(iter(tracks)) else ()
        timed = [*_keys(tracks[part], instrument, channel), *_feet(feet, instrument, channel)]
        program = 0 if instrument == DRUMS else programs.get(instrument, instrument * 8)
        title = f"{part}: {INSTRUMENTS[instrument]}"
        file.tracks.append(_track(title, channel, program, sorted(timed, key=lambda item: item[0])))
    data = io.BytesIO()
    file.save(file=data)
    put_whole(path, data.getvalue())


def put_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: a reader sees the old file or the new one, never half.

    Raises `FileRefused` naming the folder.
    """
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or str(error)
        folder = path.parent.resolve()
        raise FileRefused(f"{path.name} cannot be written in {folder} ({reason}).") from error
    finally:
        with suppress(OSError):
            part.unlink()


@dataclass(slots=True)
class _Strike:
    tick: int
    end: int | None
    instrument: int
    pitch: int
    velocity: int


@dataclass(slots=True)
class _Heard:
    """Messages in order of time on one side, notes on the other."""

    strikes: list[_Strike] = field(default_factory=list)
    pedals: list[tuple[int, int, bool]] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    beat_us: int | None = None
    metre: tuple[int, int] | None = None
    channels: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    open: dict[tuple[int, int, int], deque[_Strike]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    feet: dict[int, int] = field(default_factory=dict)

    def hear(self, tick: int, track: int, message: mido.Message) -> None:
        match message.type:
            case "note_on" if message.velocity:
                self._strike(tick, track, message)
            case "note_on" | "note_off":
                held = self.open[track, message.channel, message.note]
                if held:
                    held.popleft().end = tick
            case "program_change":
                self.channels[message.channel] = message.program
            case "control_change" if message.control == _SUSTAIN:
                self._pedal(tick, message.channel, message.value >= 64)
            case "set_tempo" if self.beat_us is None and message.tempo:
                self.beat_us = message.tempo
            case "time_signature" if self.metre is None and message.numerator:
                self.metre = (message.numerator, message.denominator)

    def close(self, track: int, tick: int) -> None:
        """Release what hangs where its track ends."""
        for (owner, _, _), held in self.open.items():
            while owner == track and held:
                held.popleft().end = tick

    def phrase(self, numerator: int, denominator: int) -> Phrase:
        """The notes, with file ticks of `numerator / denominator` to the beat made ticks."""

        def ticks(at: int) -> int:
            return (2 * at * TICKS_PER_BEAT * denominator + numerator) // (2 * numerator)

        notes = []
        for one in self.strikes:
            onset, end = ticks(one.tick), ticks(one.tick if one.end is None else one.end)
            length = max(1, end - onset)
            notes.append(Note(onset, one.instrument, one.pitch, length, one.velocity))
        pedals = tuple(
            Pedal(ticks(tick), instrument, down) for tick, instrument, down in self.pedals
        )
        bpm = round(60e6 / self.beat_us, 3) if self.beat_us else DEFAULT_BPM
        metre = self.metre or DEFAULT_METRE
        return Phrase(tuple(without_overlaps(notes)), pedals, bpm, metre, self.programs)

    def _strike(self, tick: int, track: int, message: mido.Message) -> None:
        program = self.channels[message.channel]
        instrument = family(program, message.channel)
        self.programs.setdefault(instrument, 0 if instrument == DRUMS else program)
        one = _Strike(tick, None, instrument, message.note, message.velocity)
        self.strikes.append(one)
        self.open[track, message.channel, message.note].append(one)

    def _pedal(self, tick: int, channel: int, down: bool) -> None:
        if down == (channel in self.feet):
            return
        # The foot rises on the instrument it went down on, whatever the channel became since.
        instrument = self.feet.pop(channel, family(self.channels[channel], channel))
        if down:
            self.feet[channel] = instrument
        self.pedals.append((tick, instrument, down))


def _hear(tracks: Sequence[Sequence[mido.Message]], *, in_turn: bool) -> _Heard:
    """Merge the tracks by time; with `in_turn` each starts where the one before it ended."""
    timed: list[tuple[int, int, mido.Message]] = []
    ends = [0] * len(tracks)
    for number, track in enumerate(tracks):
        tick = ends[number - 1] if in_turn and number else 0
        for message in track:
            tick += message.time
            timed.append((tick, number, message))
        ends[number] = tick
    heard = _Heard()
    for tick, number, message in sorted(timed, key=lambda item: item[0]):
        heard.hear(tick, number, message)
    for number, end in enumerate(ends):
        heard.close(number, end)
    return heard


def _contents(path: Path) -> bytes:
    try:
        if not path.exists():
            raise FileRefused(f"There is no file {path}.")
        if not path.is_file():
            raise FileRefused(f"{path} is no file but a folder or a device.")
        if path.stat().st_size > MAX_BYTES:
            raise FileRefused(f"{path} is larger than 16 MB, too large for a MIDI file.")
        return path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read ({error.strerror}).") from error


def _chunks(path: Path, data: bytes) -> tuple[int, int, list[bytes]]:
    """Type, division and track chunks; unknown chunks and trailing bytes are passed over."""
    if data[:4] == b"RIFF":
        data = next((body for name, body in _walk(data[12:], "<L") if name == b"data"), b"")
    found = list(_walk(data, ">L"))
    if not found or found[0][0] != b"MThd" or len(found[0][1]) < 6:
        raise FileRefused(f"{path} is not a MIDI file.")
    kind, _, division = struct.unpack(">HHH", found[0][1][:6])
    return kind, division, [body for name, body in found if name == b"MTrk"]


def _walk(data: bytes, size_format: str) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(size_format, data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size


def _ticks_per_beat(path: Path, division: int) -> tuple[int, int]:
    """File ticks to the beat as a fraction; SMPTE files count seconds, two beats to each."""
    if not division & 0x8000:
        top, bottom = division, 1
    elif (frames := 256 - (division >> 8)) == 29:  # drop frame: 30000/1001 frames a second
        top, bottom = 30000 * (division & 0xFF), 2002
    else:
        top, bottom = frames * (division & 0xFF), 2
    if not top:
        raise FileRefused(f"{path} is damaged: it has no ticks to the beat.")
    return top, bottom


def _plain_tracks(path: Path, tracks: Sequence[bytes]) -> list[bytes]:
    plain = []
    left = MAX_EVENTS
    for track in tracks:
        events = bytearray()
        for event in _plain(track):
            events += event
            left -= 1
            if left < 0:
                raise FileRefused(f"{path} has more than {MAX_EVENTS:,} events, too many to play.")
        plain.append(bytes(events))
    return plain


def _plain(track: bytes) -> Iterator[bytes]:
    """The events mido needs to see, each with its status; texts and system messages go.

    A track that is cut short, or has no end, ends where its bytes do.
    """
    at = wait = status = 0
    with suppress(IndexError):
        while at < len(track):
            delta, at = _number(track, at)
            wait += delta
            head = track[at] if track[at] >= 0x80 else status
            at += track[at] >= 0x80
            if head >= 0xF0:
                event, at = _system(track, head, at)
                if event == _END_OF_TRACK:
                    break
            else:
                status = head
                size = 1 if 0xC0 <= head < 0xE0 else 2
                event, at = bytes((head, *track[at : at + size])), at + size
            if not head or at > len(track):
                break
            if event:
                yield bytes(encode_variable_int(wait)) + event
                wait = 0
    yield bytes(encode_variable_int(wait)) + _END_OF_TRACK


def _system(track: bytes, head: int, at: int) -> tuple[bytes, int]:
    """The event if it is worth keeping, else nothing, and where the next one starts."""
    if 0xF0 < head < 0xF7 or 0xF7 < head < 0xFF:
        return b"", at + _SYSTEM_BYTES.get(head, 0)
    kind = track[at] if head == 0xFF else None
    size, start = _number(track, at + (head == 0xFF))
    if kind == 0x2F:
        return _END_OF_TRACK, start
    if kind is None or _META_KEPT.get(kind) != size or _is_odd_metre(kind, track, start):
        return b"", start + size
    return bytes((head, kind, size)) + track[start : start + size], start + size


def _is_odd_metre(kind: int, track: bytes, start: int) -> bool:
    """Whether this is a metre in something finer than 64ths; mido chokes on the finest."""
    return kind == 0x58 and track[start + 1] > 6


def _number(track: bytes, at: int) -> tuple[int, int]:
    """A variable-length number and where it ends; `IndexError` past the end of the track."""
    value = 0
    while True:
        value = value << 7 & 0xFFFFFFF | track[at] & 0x7F
        at += 1
        if track[at - 1] < 0x80:
            return value, at


def _parsed(plain: Sequence[bytes]) -> list[Sequence[mido.Message]]:
    header = struct.pack(">4sLHHH", b"MThd", 6, 1, len(plain), TICKS_PER_BEAT)
    bodies = (struct.pack(">4sL", b"MTrk", len(body)) + body for body in plain)
    file = mido.MidiFile(file=io.BytesIO(b"".join(chain([header], bodies))), clip=True)
    return list(file.tracks)


def _check_length(path: Path, notes: Sequence[Note], tempo_bpm: float) -> None:
    end = max((note.end for note in notes), default=0)
    if end / TICKS_PER_BEAT * 60 / tempo_bpm > MAX_SECONDS:
        raise FileRefused(f"{path} would play for more than 24 hours.")


def _channels(path: Path, tracks: Mapping[str, Sequence[Note]]) -> dict[tuple[str, int], int]:
    """A channel for each part and instrument; beyond 15, parts share those of an instrument."""
    pairs = [
        (part, instrument)
        for part, notes in tracks.items()
        for instrument in sorted({note.instrument for note in notes})
    ]
    pitched = [pair for pair in pairs if pair[1] != DRUMS]
    shared = len(pitched) > len(_PITCHED_CHANNELS)
    keys = list(dict.fromkeys(("", i) if shared else (part, i) for part, i in pitched))
    if len(keys) > len(_PITCHED_CHANNELS):
        raise FileRefused(f"{path} would need {len(keys)} channels, and a MIDI file has 15.")
    numbers = dict(zip(keys, _PITCHED_CHANNELS, strict=False))
    return {
        (part, i): DRUM_CHANNEL if i == DRUMS else numbers["" if shared else part, i]
        for part, i in pairs
    }


def _conductor(tempo_bpm: float, metre: tuple[int, int]) -> mido.MidiTrack:
    beat_us = min(_SLOWEST_BEAT_US, max(1, round(60e6 / tempo_bpm)))
    return mido.MidiTrack([
        mido.MetaMessage("set_tempo", tempo=beat_us),
        mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1]),
    ])  # fmt: skip


def _keys(
    notes: Sequence[Note], instrument: int, channel: int
) -> Iterator[tuple[int, mido.Message]]:
    for event in events_of(note for note in notes if note.instrument == instrument):
        if isinstance(event, NoteOn):
            name, velocity = "note_on", event.velocity
        else:
            name, velocity = "note_off", 64
        yield event.tick, mido.Message(name, channel=channel, note=event.pitch, velocity=velocity)


def _feet(
    pedals: Sequence[Pedal], instrument: int, channel: int
) -> Iterator[tuple[int, mido.Message]]:
    for pedal in pedals:
        if pedal.instrument == instrument:
            value = 127 * pedal.down
            yield (
                pedal.tick,
                mido.Message("control_change", channel=channel, control=_SUSTAIN, value=value),
            )


def _track(
    title: str, channel: int, program: int, timed: Sequence[tuple[int, mido.Message]]
) -> mido.MidiTrack:
    track = mido.MidiTrack([
        mido.MetaMessage("track_name", name=title),
        mido.Message("program_change", channel=channel, program=program),
    ])  # fmt: skip
    at = 0
    for tick, message in timed:
        track.append(message.copy(time=(tick - at) * _FINE))
        at = tick
    return track
