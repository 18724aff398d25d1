"""Parts to stereo audio: through a SoundFont where there is one, else with the built-in voice.

It pans and levels; what a note sounds like is up to `soundfont` and `voice`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antiphon.engine.errors import MachineError
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note, without_overlaps

from . import soundfont, voice

RATE_HZ = 44100
PEAK = 10 ** (-3 / 20)
"""Loudest sample of a rendering: -3 dBFS."""
BUILT_IN = "built-in voice"
BLOCK = 2**20
"""Samples handled between two looks whether it is still wanted; some tens of milliseconds."""

_SILENCE = 10 ** (-80 / 20)  # relative to the peak; below it nobody hears the tail
_SPREAD = 0.25  # how far off the middle the outermost parts sit, 1 being one side only

Stereo = NDArray[np.float32]
Heed = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Rendered:
    """Sound of a piece."""

    samples: Stereo
    """Shape (n, 2), the origin first, loudest sample at -3 dBFS."""
    voice: str
    """What made the sound: the file name of a SoundFont, or "built-in voice"."""


def render(
    tracks: Mapping[str, Sequence[Note]],
    tempo_bpm: float,
    programs: Mapping[int, int],
    *,
    origin: int = 0,
    rate: int = RATE_HZ,
    tell: Callable[[str], None] = lambda _: None,
    heed: Heed = lambda: None,
) -> Rendered:
    """Render the parts from tick `origin` on, the first part to the left, the last to the right.

    `programs` maps instrument index to General MIDI program. `tell` gets one sentence if a
    SoundFont is there but fails. Notes that begin before the origin are left out. `heed` is called
    several times a second; what it raises ends the rendering.
    """
    parts = [_since(origin, notes) for notes in tracks.values()]
    sounds, name = _voiced(parts, tempo_bpm, programs, rate, tell, heed)
    mixed = _mixed(sounds, heed)
    return Rendered(_levelled(mixed, heed), name)


def _since(origin: int, notes: Sequence[Note]) -> list[Note]:
    return [
        Note(note.onset - origin, note.instrument, note.pitch, note.length, note.velocity)
        for note in without_overlaps(notes)
        if note.onset >= origin
    ]


def _voiced(
    parts: Sequence[Sequence[Note]],
    tempo_bpm: float,
    programs: Mapping[int, int],
    rate: int,
    tell: Callable[[str], None],
    heed: Heed,
) -> tuple[list[Stereo], str]:
    """All parts in one voice: a SoundFont that fails on one part is used for none."""
    font = soundfont.find()
    if font is not None:
        try:
            sounds = [
                soundfont.render(
                    font, part, tempo_bpm=tempo_bpm, programs=programs, rate=rate, heed=heed
                )
                for part in parts
            ]
            return sounds, font.name
        except MachineError as error:
            tell(f"{error} The built-in voice plays instead.")
    return [_plain(part, tempo_bpm, programs, rate, heed) for part in parts], BUILT_IN


def _plain(
    notes: Sequence[Note], tempo_bpm: float, programs: Mapping[int, int], rate: int, heed: Heed
) -> Stereo:
    """The built-in voice, note by note, the same on both sides."""
    samples_per_tick = rate * 60 / TICKS_PER_BEAT / tempo_bpm
    sounds = []
    for note in notes:
        heed()
        drum = note.instrument == DRUMS
        program = 0 if drum else programs.get(note.instrument, note.instrument * 8)
        seconds = note.length * samples_per_tick / rate
        sound = voice.render_note(program, note.pitch, note.velocity, seconds, rate, drum=drum)
        sounds.append((round(note.onset * samples_per_tick), sound))
    mono = np.zeros(max((at + len(sound) for at, sound in sounds), default=0), np.float32)
    for at, sound in sounds:
        heed()
        mono[at : at + len(sound)] += sound
    return np.broadcast_to(mono[:, None], (len(mono), 2))


def _mixed(sounds: Sequence[Stereo], heed: Heed) -> Stereo:
    """The parts side by side, from a little left to a little right; one part alone is central."""
    mixed = np.zeros((max((len(sound) for sound in sounds), default=0), 2), np.float32)
    places = np.linspace(-_SPREAD, _SPREAD, len(sounds)) if len(sounds) > 1 else [0.0]
    for place, sound in zip(places, sounds, strict=True):
        sides = np.array([1 - place, 1 + place], np.float32)
        for block in _blocks(len(sound), heed):
            mixed[block] += sound[block] * sides
    return mixed


def _levelled(samples: Stereo, heed: Heed) -> Stereo:
    """The samples, brought to full level in place, and cut where the tail has died away."""
    whole = len(samples)
    peak = max((float(np.abs(samples[block]).max()) for block in _blocks(whole, heed)), default=0.0)
    heard = 0
    for block in _blocks(whole, heed):
        loud = np.flatnonzero(np.abs(samples[block]).max(axis=1) > peak * _SILENCE)
        heard = block.start + int(loud[-1]) + 1 if len(loud) else heard
    for block in _blocks(heard, heed):
        samples[block] *= PEAK / peak
    return samples[:heard]


def _blocks(length: int, heed: Heed) -> Iterator[slice]:
    """Slices that together are the whole."""
    for start in range(0, length, BLOCK):
        heed()
        yield slice(start, min(length, start + BLOCK))
