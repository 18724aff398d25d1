"""How one key sounds, as samples: rendered through a SoundFont, or by the built-in voice.

Samples are mono, at full velocity, held for some seconds and then let go. It keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note, family

from . import soundfont, voice
from .voice import Samples

HELD_S = 6
"""How long a key is held. Whoever holds it longer hears it end."""
QUICK_S = 2
"""How long it is held where samples must be there at once."""
DRUM_HELD_S = 2

_RELEASE_S = 1  # kept of what a SoundFont rings on, and rung out before the next key
_SILENCE = 1e-4
_FADE_S = 0.05
# SoundFont players leave room for many keys at once; this brings one key to the built-in level.
_FONT_GAIN = 5.0


class Sound(NamedTuple):
    """What is to sound: a General MIDI program and a key (each 0..127), or a drum of the kit."""

    program: int
    pitch: int
    drum: bool = False


def quick(sound: Sound, rate: int) -> Samples:
    """The built-in voice, in some 20 ms. [may block]"""
    return _built_in(sound, QUICK_S, rate)


def built_in(sounds: Sequence[Sound], rate: int) -> dict[Sound, Samples]:
    """The built-in voice, held as long as it gets. [may block]"""
    return {sound: _built_in(sound, HELD_S, rate) for sound in sounds}


def from_font(font: Path, sounds: Sequence[Sound], rate: int) -> dict[Sound, Samples]:
    """All through one process; the sounds must share program and kit. [may block]

    Raises `MachineError` when the SoundFont cannot be rendered.
    """
    program, _, drum = sounds[0]
    instrument = DRUMS if drum else family(program)
    held_s = DRUM_HELD_S if drum else HELD_S
    slot_s = held_s + 2 * _RELEASE_S
    notes = [
        Note(at * slot_s * TICKS_PER_BEAT, instrument, sound.pitch, held_s * TICKS_PER_BEAT, 127)
        for at, sound in enumerate(sounds)
    ]
    programs = {instrument: program}
    stereo = soundfont.render(font, notes, tempo_bpm=60, programs=programs, rate=rate)
    mono = stereo.mean(axis=1) * np.float32(_FONT_GAIN)
    slot, kept = slot_s * rate, (held_s + _RELEASE_S) * rate
    return {
        sound: _ended(mono[at * slot : at * slot + kept], rate) for at, sound in enumerate(sounds)
    }


def _built_in(sound: Sound, held_s: float, rate: int) -> Samples:
    program, pitch, drum = sound
    return _ended(voice.render_note(program, pitch, 127, held_s, rate, drum=drum), rate)


def _ended(samples: Samples, rate: int) -> Samples:
    """A copy without the silence at its end, faded out where it is cut."""
    loud = np.flatnonzero(np.abs(samples) > _SILENCE)
    ended = np.array(samples[: loud[-1] + 1 if len(loud) else 0], np.float32)
    fade = min(len(ended), round(_FADE_S * rate))
    ended[len(ended) - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return ended
