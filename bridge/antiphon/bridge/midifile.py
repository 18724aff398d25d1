"""Standard MIDI files in and out: a file is a phrase and back.

The only module that knows mido. It knows nothing of sessions.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import mido

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
)

from . import chunks, midi
from .hearing import Hearing
from .hearing import Phrase as Phrase
from .wholefile import put_whole

MAX_BYTES = 16 * 2**20
MAX_SECONDS = 24 * 3600

_FINE = 10  # file ticks per tick when writing: 480 to the beat, which every DAW reads
_PITCHED_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]
_SLOWEST_BEAT_US = 2**24 - 1  # a tempo event holds 24 bits


def read(path: Path) -> Phrase:
    """Read a file of type 0, 1 or 2, plain or RMID, as far as it is whole. [may block]

    Type 2 tracks follow each other. Raises `FileRefused` with one sentence for everything else.
    """
    plain = chunks.plain(path, _contents(path))
    try:
        heard = _hear(_parsed(plain), in_turn=plain.kind == 2)
    except Exception as error:  # mido raises all kinds
        raise FileRefused(f"{path} is damaged, so it cannot be read.") from error
    if not heard.strikes:
        raise FileRefused(f"{path} has no notes in it.")
    if plain.in_seconds:
        heard.beat_us = None
    phrase = heard.phrase(*plain.per_beat)
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


def _hear(tracks: Sequence[Sequence[mido.Message]], *, in_turn: bool) -> Hearing:
    """Merge the tracks by time; with `in_turn` each starts where the one before it ended."""
    timed: list[tuple[int, int, mido.Message]] = []
    ends = [0] * len(tracks)
    for number, track in enumerate(tracks):
        tick = ends[number - 1] if in_turn and number else 0
        for message in track:
            tick += message.time
            timed.append((tick, number, message))
        ends[number] = tick
    heard = Hearing()
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


def _parsed(plain: chunks.Plain) -> list[Sequence[mido.Message]]:
    return list(mido.MidiFile(file=io.BytesIO(plain.file(TICKS_PER_BEAT)), clip=True).tracks)


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
                mido.Message("control_change", channel=channel, control=midi.SUSTAIN, value=value),
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
