"""The plain built-in voice: one note at a time as samples, from NumPy alone.

It is there so that there is always sound. It knows nothing of scores, files or sound cards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_Wave = NDArray[np.float64]

ATTACK_S = 0.004
"""The shortest rise; anything faster clicks."""


@dataclass(frozen=True, slots=True)
class Timbre:
    """How a family of instruments sounds: a row of harmonics under an envelope."""

    harmonics: tuple[float, ...]
    """Strength of each harmonic, the fundamental first."""
    decay_s: float | None
    """Seconds until middle C has fallen by 1/e; `None` holds as long as the key."""
    attack_s: float = ATTACK_S
    release_s: float = 0.2
    stretch: float = 0.0
    """Inharmonicity of a stiff string: harmonic n sounds at n·√(1 + stretch·n²)."""
    vibrato: float = 0.0
    """Depth as a fraction of the frequency, at 5 Hz."""


_PIANO = Timbre((1.0, 0.55, 0.3, 0.16, 0.09, 0.05, 0.03), 1.1, stretch=3e-4)
_BELL = Timbre((1.0, 0.1, 0.05, 0.35, 0.0, 0.0, 0.08), 0.7, stretch=1e-3)
_ORGAN = Timbre((1.0, 0.7, 0.5, 0.35, 0.0, 0.2, 0.0, 0.15), None, 0.008, 0.15)
_GUITAR = Timbre((1.0, 0.7, 0.45, 0.3, 0.2, 0.12, 0.07, 0.04), 0.7, stretch=1e-4)
_BASS = Timbre((1.0, 0.6, 0.3, 0.15, 0.08), 0.9, 0.005)
_STRINGS = Timbre(tuple(1 / n**1.3 for n in range(1, 11)), None, 0.06, 0.3, vibrato=0.003)
_BRASS = Timbre((0.8, 1.0, 0.8, 0.6, 0.4, 0.3, 0.2, 0.1), None, 0.03, 0.18)
_REED = Timbre((1.0, 0.15, 0.7, 0.12, 0.4, 0.1, 0.2), None, 0.025, 0.15, vibrato=0.002)
_PIPE = Timbre((1.0, 0.25, 0.1, 0.03), None, 0.04, 0.18, vibrato=0.003)
_LEAD = Timbre(tuple(1 / n for n in range(1, 13)), None, 0.006, 0.15)
_PAD = Timbre((1.0, 0.5, 0.25, 0.2, 0.1), None, 0.12, 0.3, vibrato=0.002)

_FAMILIES = (
    _PIANO, _BELL, _ORGAN, _GUITAR, _BASS, _STRINGS, _STRINGS, _BRASS,
    _REED, _PIPE, _LEAD, _PAD, _PAD, _GUITAR, _BELL, _PAD,
)  # fmt: skip


def render_note(
    program: int, pitch: int, velocity: int, seconds: float, rate: int, *, drum: bool = False
) -> Samples:
    """Sound of one note as mono samples: `seconds` held, then its release of 0.15 to 0.3 s.

    `program` and `pitch` are 0..127, `velocity` 1..127, `rate` in hertz. No sample exceeds
    velocity / 127. A drum sounds as long as it likes. The same arguments give the same samples.
    """
    wave = _drum(pitch, rate) if drum else _tone(_FAMILIES[program // 8], pitch, seconds, rate)
    loudness = (velocity / 127) ** 1.5
    return np.asarray(wave * loudness, np.float32)


def _tone(timbre: Timbre, pitch: int, seconds: float, rate: int) -> _Wave:
    time = _clock(seconds + timbre.release_s, rate)
    pitch_hz = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * pitch_hz * time
    if timbre.vibrato:
        phase += timbre.vibrato * pitch_hz / 5 * np.sin(2 * np.pi * 5 * time)
    wave = np.zeros_like(time)
    for number, strength in enumerate(timbre.harmonics, start=1):
        ratio = number * np.sqrt(1 + timbre.stretch * number**2)
        if strength and ratio * pitch_hz < 0.45 * rate:
            wave += strength * np.sin(ratio * phase) * _fall(timbre, pitch, number, time)
    wave /= sum(timbre.harmonics)
    return wave * _edges(time, timbre.attack_s, seconds, timbre.release_s)


def _fall(timbre: Timbre, pitch: int, harmonic: int, time: _Wave) -> _Wave:
    """Strings lose their upper harmonics first, and short strings die sooner."""
    if timbre.decay_s is None:
        return np.ones_like(time)
    decay = timbre.decay_s * 2 ** ((60 - pitch) / 20) / (1 + 0.5 * (harmonic - 1))
    return np.asarray(np.exp(-time / decay))


def _edges(time: _Wave, attack_s: float, held_s: float, release_s: float) -> _Wave:
    """A raised-cosine rise and fall, smooth at both ends; a short note is cut while it rises."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.clip(time / attack_s, 0, 1))
    fall = 0.5 + 0.5 * np.cos(np.pi * np.clip((time - held_s) / release_s, 0, 1))
    return np.asarray(rise * fall)


def _drum(pitch: int, rate: int) -> _Wave:
    """A hit of the General MIDI kit, as loud as a drum gets."""
    wave = _hit(pitch)(pitch, rate)
    length_s = len(wave) / rate
    wave *= _edges(_clock(length_s, rate), 0.003, length_s * 0.8, length_s * 0.2)
    return wave / max(1.0, float(np.abs(wave).max(initial=0.0)))


def _hit(pitch: int) -> Callable[[int, int], _Wave]:
    if pitch in (35, 36):
        return _kick
    if pitch in (37, 38, 39, 40):
        return _snare
    if pitch in (42, 44, 46, 54, 69, 70, 82):
        return _hat
    if pitch in (49, 51, 52, 53, 55, 57, 59):
        return _cymbal
    return _tom


def _kick(_pitch: int, rate: int) -> _Wave:
    time = _clock(0.4, rate)
    phase = 2 * np.pi * (48 * time + 4.5 * (1 - np.exp(-time / 0.03)))
    return np.asarray(np.sin(phase) * np.exp(-time / 0.11))


def _snare(pitch: int, rate: int) -> _Wave:
    time = _clock(0.3, rate)
    body = 0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-time / 0.05)
    return np.asarray(body + 0.5 * _noise(pitch, len(time)) * np.exp(-time / 0.07))


def _hat(pitch: int, rate: int) -> _Wave:
    open_hat = pitch == 46
    time = _clock(0.5 if open_hat else 0.15, rate)
    return 0.45 * _hiss(pitch, len(time)) * np.exp(-time / (0.16 if open_hat else 0.03))


def _cymbal(pitch: int, rate: int) -> _Wave:
    ride = pitch in (51, 53, 59)
    time = _clock(1.6, rate)
    ping = np.sin(2 * np.pi * 3150 * time) + np.sin(2 * np.pi * 4730 * time)
    hiss = _hiss(pitch, len(time)) * np.exp(-time / (0.35 if ride else 0.5))
    return np.asarray((0.15 if ride else 0.5) * hiss + (0.12 * ride) * ping * np.exp(-time / 0.3))


def _tom(pitch: int, rate: int) -> _Wave:
    time = _clock(0.45, rate)
    low_hz = 85 * 2 ** ((pitch - 41) / 14)
    phase = 2 * np.pi * low_hz * (time + 0.02 * (1 - np.exp(-time / 0.04)))
    knock = 0.1 * _noise(pitch, len(time)) * np.exp(-time / 0.01)
    return np.asarray(0.8 * np.sin(phase) * np.exp(-time / 0.13) + knock)


def _hiss(seed: int, count: int) -> _Wave:
    """Noise without its lows: what one sample differs from the next, twice."""
    return np.diff(_noise(seed, count + 2), n=2) / 4


def _noise(seed: int, count: int) -> _Wave:
    return np.random.default_rng(seed).uniform(-1, 1, count)


def _clock(seconds: float, rate: int) -> _Wave:
    return np.arange(round(seconds * rate)) / rate
