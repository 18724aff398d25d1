"""Standard MIDI files in and out: a file is a phrase and back.

The only module that knows mido. It knows nothing of sessions.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from .tempo_map import TempoMap
from .wholefile import put_whole

MAX_BYTES = 16 * 2**20
MAX_SECONDS = 24 * 3600

_FINE = 10  # file ticks per tick when writing: 480 to the beat, which every DAW reads
_PITCHED_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


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
    end = max(note.end for note in phrase.notes)
    _check_length(path, end / TICKS_PER_BEAT * 60 / phrase.tempo_bpm)
    return phrase


def write(
    path: Path,
    tracks: Mapping[str, Sequence[Note]],
    *,
    tempos: TempoMap,
    metre: tuple[int, int],
    programs: Mapping[int, int],
    pedals: Sequence[Pedal] = (),
    bars_anew: Sequence[int] = (),
) -> None:
    """Write the parts as a type 1 file, one track for each part and instrument.

    `programs` maps instrument index to General MIDI program; an instrument it lacks gets the
    first of its family. Pedals belong to the first part. `bars_anew` are ticks, rising, at which
    a bar begins too soon, because the song went elsewhere. The same arguments give the same bytes.
    Raises `FileRefused` if the folder cannot be written, or for what a MIDI file cannot hold.
    """
    end = max((note.end for notes in tracks.values() for note in notes), default=0)
    _check_length(path, tempos.ns_at(end) / 1e9)
    channels = _channels(path, tracks)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT * _FINE, charset="utf-8")
    file.tracks.append(_conductor(tempos, metre, bars_anew))
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


def _check_length(path: Path, seconds: float) -> None:
    if seconds > MAX_SECONDS:
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


def _conductor(
    tempos: TempoMap, metre: tuple[int, int], bars_anew: Sequence[int]
) -> mido.MidiTrack:
    """Where the bars are, and how long they last."""
    bars = mido.MetaMessage("time_signature", numerator=metre[0], denominator=metre[1])
    timed = [(tick, mido.MetaMessage("set_tempo", tempo=us)) for tick, us in tempos.tempos]
    timed += [(tick, bars) for tick in (0, *bars_anew)]
    return mido.MidiTrack(_waiting(sorted(timed, key=lambda item: item[0])))


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
    track.extend(_waiting(timed))
    return track


def _waiting(timed: Iterable[tuple[int, mido.Message]]) -> Iterator[mido.Message]:
    """The messages, each with the time since the one before."""
    at = 0
    for tick, message in timed:
        yield message.copy(time=(tick - at) * _FINE)
        at = tick
