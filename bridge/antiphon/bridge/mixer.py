"""Voices mixed into blocks of samples, as a synthesizer does it: keys, pedals, fading, limiting.

Everything is allocated at the start. It knows no frames, no programs and no sound card.
"""

from __future__ import annotations

import numpy as np

from antiphon.engine.notes import DRUM_CHANNEL

from .voice import Samples

VOICES = 64
"""Keys that sound at once; beyond that the most faded or the oldest gives way."""
RELEASE_S = 0.12
"""How long a key fades that is let go."""
CUT_S = 0.005
"""How long a key fades that is cut off: just no click."""
LONGEST_BLOCK = 4096

_LEVEL = np.float32(0.35)  # of one voice at full velocity; the limiter takes what comes on top


class _Voice:
    """One key that sounds, or a free place."""

    __slots__ = ("at", "channel", "faded", "fading", "gain", "held", "order", "pitch", "samples")

    def __init__(self) -> None:
        self.samples: Samples | None = None
        self.fading: Samples | None = None
        self.at = self.faded = self.channel = self.pitch = self.order = 0
        self.gain = 0.0
        self.held = False

    def fade(self, ramp: Samples) -> None:
        """Fade along `ramp` from here, unless it already ends sooner."""
        if self.fading is not None:
            if len(self.fading) - self.faded <= len(ramp):
                return
            self.gain *= float(self.fading[self.faded])
        self.fading, self.faded, self.held = ramp, 0, False


class Mixer:
    """64 voices on 16 channels. For one thread: the one that mixes."""

    def __init__(self, rate: int) -> None:
        self._voices = [_Voice() for _ in range(VOICES)]
        self._pedals = [False] * 16
        self._release, self._cut = _ramp(RELEASE_S, rate), _ramp(CUT_S, rate)
        self._part: Samples = np.zeros(LONGEST_BLOCK, np.float32)
        self._strikes = 0

    @property
    def sounding(self) -> int:
        """Number of voices that sound, fading ones too."""
        return sum(voice.samples is not None for voice in self._voices)

    def strike(self, channel: int, pitch: int, velocity: int, samples: Samples) -> None:
        """A key goes down, velocity 1..127; if it sounds already, that fades. [loop]"""
        for voice in self._sounding(channel):
            if voice.pitch == pitch:
                voice.fade(self._release)
        self._strikes += 1
        voice = self._place()
        voice.samples, voice.fading = samples if len(samples) else None, None
        voice.at, voice.order, voice.held = 0, self._strikes, True
        voice.channel, voice.pitch = channel, pitch
        voice.gain = (velocity / 127) ** 1.5

    def let_go(self, channel: int, pitch: int) -> None:
        """A key goes up: it fades, or waits for the pedal. [loop]"""
        for voice in self._sounding(channel):
            if voice.pitch == pitch:
                voice.held = False
                if not self._pedals[channel]:
                    self._end(voice)

    def pedal(self, channel: int, down: bool) -> None:
        """The sustain pedal moves; when it rises, keys that nobody holds fade. [loop]"""
        self._pedals[channel] = down
        for voice in self._sounding(channel):
            if not down and not voice.held:
                self._end(voice)

    def release(self, channel: int) -> None:
        """All notes off: every key of the channel goes up, and the pedal with them. [loop]"""
        self._pedals[channel] = False
        for voice in self._sounding(channel):
            self._end(voice)

    def cut(self, channel: int) -> None:
        """All sound off: the channel is silent after 5 ms. [loop]"""
        for voice in self._sounding(channel):
            voice.fade(self._cut)

    def mix(self, block: Samples) -> None:
        """Fill the block, at most `LONGEST_BLOCK` samples, with -1..1. [loop]"""
        block[:] = 0
        for voice in self._voices:
            if voice.samples is not None:
                self._add(voice, voice.samples, block)
        np.multiply(block, _LEVEL, out=block)
        np.tanh(block, out=block)

    def _add(self, voice: _Voice, samples: Samples, block: Samples) -> None:
        count = min(len(block), len(samples) - voice.at)
        if voice.fading is not None:
            count = min(count, len(voice.fading) - voice.faded)
        part = self._part[:count]
        np.multiply(samples[voice.at : voice.at + count], np.float32(voice.gain), out=part)
        voice.at += count
        over = voice.at >= len(samples)
        if voice.fading is not None:
            part *= voice.fading[voice.faded : voice.faded + count]
            voice.faded += count
            over = over or voice.faded >= len(voice.fading)
        block[:count] += part
        if over:
            voice.samples = None

    def _sounding(self, channel: int) -> list[_Voice]:
        return [v for v in self._voices if v.samples is not None and v.channel == channel]

    def _end(self, voice: _Voice) -> None:
        # Drums ring as long as they like.
        if voice.channel != DRUM_CHANNEL:
            voice.fade(self._release)

    def _place(self) -> _Voice:
        """A free voice, else a fading one, else one that only the pedal holds; the oldest."""
        return min(
            self._voices,
            key=lambda v: (v.samples is not None, v.fading is None, v.held, v.order),
        )


def _ramp(seconds: float, rate: int) -> Samples:
    """Down from 1 to 0, fast at first, as rooms do it."""
    return np.linspace(1, 0, max(2, round(seconds * rate)), dtype=np.float32) ** 2
