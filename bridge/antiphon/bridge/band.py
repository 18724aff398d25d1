"""What comes down the pipe, as sound: frames in on one side, blocks of samples out on the other.

The reading side may take its time to find samples; the playing side only mixes. Between them is a
queue that neither locks. It knows no sound card and no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from antiphon.engine.notes import DRUM_CHANNEL

from . import frames, midi, panic
from .bank import Bank
from .mixer import Mixer
from .sampler import Sound
from .voice import Samples

_ALL_SOUND_OFF, _ALL_NOTES_OFF = 120, 123


@dataclass(slots=True)
class Figures:
    """What was played so far."""

    blocks: int = 0
    peak: float = 0.0
    """Highest sample of all, 0..1."""
    last_peak: float = 0.0
    """Highest sample of the latest block."""
    most_voices: int = 0


class Band:
    """Sixteen channels of General MIDI, channel 10 drums.

    band.feed(data)     frames, on the reading thread
    band.fill(block)    the next samples, on the playing thread
    """

    def __init__(self, bank: Bank, rate: int) -> None:
        self.figures = Figures()
        self._bank, self._mixer = bank, Mixer(rate)
        self._frames = frames.Frames()
        self._programs = [0] * 16
        self._due: deque[Callable[[], None]] = deque()

    @property
    def quiet(self) -> bool:
        """Whether everything fed was played and has died away. [any thread]"""
        return not self._due and not self._mixer.sounding

    def feed(self, data: bytes) -> None:
        """Act on every whole frame so far. May take some 20 ms for a new key. [may block]"""
        for message, command in self._frames.feed(data):
            if message:
                self._hear(message)
            elif command == frames.PANIC:
                self.silence()
            elif command == frames.RELEASE:
                self.release()

    def release(self) -> None:
        """Let go of every key and pedal. [any thread]"""
        for channel in panic.ALL_CHANNELS:
            self._soon(self._mixer.release, channel)

    def silence(self) -> None:
        """Cut everything off. [any thread]"""
        for channel in panic.ALL_CHANNELS:
            self._soon(self._mixer.release, channel)
            self._soon(self._mixer.cut, channel)

    def fill(self, block: Samples) -> None:
        """The next samples, -1..1; never waits. [loop]"""
        while self._due:
            self._due.popleft()()
        self._mixer.mix(block)
        figures = self.figures
        figures.blocks += 1
        figures.last_peak = max(float(block.max()), -float(block.min()))
        figures.peak = max(figures.peak, figures.last_peak)
        figures.most_voices = max(figures.most_voices, self._mixer.sounding)

    def _hear(self, message: bytes) -> None:
        channel = midi.channel(message)
        match midi.kind(message):
            case midi.NOTE_ON:
                self._strike(channel, message[1] & 0x7F, message[2] & 0x7F)
            case midi.NOTE_OFF:
                self._soon(self._mixer.let_go, channel, message[1])
            case midi.CONTROL:
                self._control(channel, message[1], message[2])
            case midi.PROGRAM:
                self._programs[channel] = message[1] & 0x7F
                self._bank.prepare(message[1] & 0x7F, drum=channel == DRUM_CHANNEL)

    def _strike(self, channel: int, pitch: int, velocity: int) -> None:
        drum = channel == DRUM_CHANNEL
        samples = self._bank.sample(Sound(0 if drum else self._programs[channel], pitch, drum))
        self._due.append(lambda: self._mixer.strike(channel, pitch, velocity, samples))

    def _control(self, channel: int, number: int, value: int) -> None:
        if number == midi.SUSTAIN:
            down = value >= midi.PEDAL_DOWN
            self._due.append(lambda: self._mixer.pedal(channel, down))
        elif number == _ALL_NOTES_OFF:
            self._soon(self._mixer.release, channel)
        elif number == _ALL_SOUND_OFF:
            self._soon(self._mixer.cut, channel)

    def _soon(self, act: Callable[..., None], *where: int) -> None:
        self._due.append(lambda: act(*where))
