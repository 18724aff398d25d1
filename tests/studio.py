"""A studio for tests: the plugins, built once, in a host whose transport rolls in real time."""

from __future__ import annotations

import functools
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, NamedTuple, Self

import minihost
import numpy as np

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "plugin-templates" / "vst"
BUILT = ROOT / "build" / "plugins"
RATE = 48_000
NOTE_ON, NOTE_OFF, CONTROL = 0x90, 0x80, 0xB0
TICKS_PER_BEAT = 48


@functools.cache
def plugins() -> Path:
    """Folder of the plugins in all formats, built if need be."""
    command = ["make", "-j2", "-C", str(SOURCES), f"OUT={BUILT}"]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return BUILT


class Message(NamedTuple):
    """One MIDI message, at a sample since the host began."""

    sample: int
    status: int
    key: int
    velocity: int

    @property
    def strikes(self) -> bool:
        """Whether a key goes down."""
        return self.status & 0xF0 == NOTE_ON and self.velocity > 0


def balance(messages: Iterable[Message]) -> Counter[tuple[int, int]]:
    """Note-ons without a note-off, by channel and key; what is even is left out."""
    held: Counter[tuple[int, int]] = Counter()
    for m in messages:
        if m.status & 0xF0 in (NOTE_ON, NOTE_OFF):
            held[m.status & 0x0F, m.key] += 1 if m.strikes else -1
    return Counter({key: n for key, n in held.items() if n})


class Track:
    """One plugin in the host: what is played into it and what comes out."""

    _places: ClassVar[dict[tuple[str, str], int]] = {}
    """Where each plugin has its parameters: a VST3 has two thousand, and to search takes long."""

    def __init__(self, name: str, port: int, block: int) -> None:
        self.name = name
        self.plugin = minihost.Plugin(str(plugins() / name), sample_rate=RATE, max_block_size=block)
        self.heard: list[Message] = []
        self._keys: list[Message] = []
        self.set(Port=port)

    def set(self, **values: float | str) -> None:
        """Set parameters by name, underscores for spaces, to what a player would read there."""
        for name, value in values.items():
            index = self._place(name.replace("_", " "))
            self.plugin.set_param(index, self.plugin.param_from_text(index, str(value)))

    def get(self, name: str) -> str:
        """What a player reads of a parameter."""
        index = self._place(name)
        return self.plugin.param_to_text(index, self.plugin.get_param(index))

    def _place(self, parameter: str) -> int:
        known = self.name, parameter
        if known not in self._places:
            self._places[known] = self.plugin.find_param(parameter)
        return self._places[known]

    def press(self, sample: int, key: int, length: int, velocity: int = 90) -> None:
        """Hold a key for so many samples from a sample on."""
        self.send(Message(sample, NOTE_ON, key, velocity))
        self.send(Message(sample + length, NOTE_OFF, key, 0))

    def send(self, message: Message) -> None:
        """Play any message at its sample."""
        self._keys.append(message)
        self._keys.sort()

    @property
    def played(self) -> bool:
        """Whether all that was to be played into it has been."""
        return not self._keys

    def process(self, sample: int, frames: int) -> None:
        """One block."""
        now = [m for m in self._keys if m.sample < sample + frames]
        del self._keys[: len(now)]
        silence = np.zeros((2, frames), np.float32)
        inward = [(m.sample - sample, m.status, m.key, m.velocity) for m in now]
        for frame, *message in self.plugin.process_midi(silence, silence.copy(), inward):
            self.heard.append(Message(sample + frame, *message))


class Studio:
    """A host with some tracks, whose transport rolls in real time.

    with Studio(bpm=120) as studio:
        track = studio.track("antiphon-effect.vst3", port)
        studio.roll(beats=8)
    """

    def __init__(self, bpm: float = 120, block: int = 256) -> None:
        self.bpm, self.block = bpm, block
        self.sample = 0
        self.beat = 0.0
        self.playing = True
        self.tracks: list[Track] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for track in self.tracks:
            track.plugin.close()

    def track(self, name: str, port: int) -> Track:
        """Load a plugin; `port` is the engine's."""
        self.tracks.append(Track(name, port, self.block))
        return self.tracks[-1]

    @property
    def samples_per_beat(self) -> float:
        return RATE * 60 / self.bpm

    def roll(self, beats: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Go on for so many beats, at most, until something is so; whether it came to be so."""
        end = self.sample + round(beats * self.samples_per_beat)
        begin_s, begin = time.monotonic(), self.sample
        while self.sample < end and not until():
            while time.monotonic() - begin_s < (self.sample - begin) / RATE:
                time.sleep(0.0005)
            self._block()
        return until()

    def _block(self) -> None:
        for track in self.tracks:
            track.plugin.set_transport(
                bpm=self.bpm,
                position_samples=round(self.beat * self.samples_per_beat),
                position_beats=self.beat,
                is_playing=self.playing,
            )
            track.process(self.sample, self.block)
        self.sample += self.block
        if self.playing:
            self.beat += self.block / self.samples_per_beat
