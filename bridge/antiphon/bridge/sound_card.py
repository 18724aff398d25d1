"""The sound card. The only module that knows sounddevice.

A card asks for one block of mono samples after the other; what is in them is not its business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from antiphon.engine.errors import NoSoundCard

from .quiet import quiet_stderr
from .voice import Samples

BLOCK = 256
"""Samples in a block."""

_NO_LIBRARY = "There is no PortAudio to play sound with: apt-get install libportaudio2."
_NO_DEVICE = (
    "There is no sound card here: plug one in, or start PipeWire or PulseAudio, then try again."
)

Fill = Callable[[Samples], None]
"""Fills a block of mono samples; called on the card's own thread."""


class Card(Protocol):
    """What plays blocks."""

    name: str
    rate: int
    """Samples a second."""
    latency_ms: float
    """From a block asked for to a block heard."""
    underruns: int
    """How often a block came too late."""

    def start(self, fill: Fill) -> None:
        """Ask `fill` for blocks from now on; raises NoSoundCard. [may block]"""

    def close(self) -> None:
        """Ask no more. [may block]"""


class SoundCard:
    """The system's default audio output."""

    def __init__(self) -> None:
        """Find it; raises NoSoundCard saying what is missing. [may block]"""
        self.latency_ms = 0.0
        self.underruns = 0
        self._stream: Any = None
        self._library = _library()
        self._index = _default_output(self._library)
        device = self._library.query_devices(self._index)
        self.name = str(device["name"])
        self.rate = int(device["default_samplerate"])
        self._channels = min(2, int(device["max_output_channels"]))

    def start(self, fill: Fill) -> None:
        """Ask `fill` for blocks from now on; raises NoSoundCard. [may block]"""
        mono: Samples = np.zeros(BLOCK, np.float32)

        def give(out: Samples, frames: int, _time: object, status: object) -> None:
            self.underruns += bool(status)
            fill(mono[:frames])
            out[:] = mono[:frames, np.newaxis]

        with quiet_stderr():
            try:
                self._stream = self._open(give)
                self._stream.start()
            except self._library.PortAudioError as error:
                reason = str(error).partition(" [")[0]
                raise NoSoundCard(f"{self.name} cannot be played on ({reason}).") from error
        self.latency_ms = round(float(self._stream.latency) * 1000, 1)

    def close(self) -> None:
        """Ask no more. [may block]"""
        if self._stream is not None:
            self._stream.close()

    def _open(self, give: Callable[[Samples, int, object, object], None]) -> Any:
        return self._library.OutputStream(
            device=self._index,
            samplerate=self.rate,
            blocksize=BLOCK,
            channels=self._channels,
            dtype="float32",
            latency="low",
            callback=give,
        )


def list_devices() -> list[str]:
    """Names of the devices one can play on; raises NoSoundCard. [may block]"""
    found = [device for device in _library().query_devices() if device["max_output_channels"]]
    if not found:
        raise NoSoundCard(_NO_DEVICE)
    return [str(device["name"]) for device in found]


def _default_output(library: Any) -> int:
    """Index of the output of the first audio system that has one; ALSA comes before JACK."""
    outputs = (system["default_output_device"] for system in library.query_hostapis())
    found = next((index for index in outputs if index >= 0), None)
    if found is None:
        raise NoSoundCard(_NO_DEVICE)
    return int(found)


def _library() -> Any:
    """sounddevice, imported where it is needed, as it fails where PortAudio is missing."""
    with quiet_stderr():
        try:
            import sounddevice
        except (ImportError, OSError) as error:
            raise NoSoundCard(_NO_LIBRARY) from error
    return sounddevice
