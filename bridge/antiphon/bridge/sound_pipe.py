"""The sound, as its parent sees it: a pipe into the process that plays through the sound card."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.engine.errors import NoSoundCard

from .frame_pipe import FramePipe


class Ready(NamedTuple):
    """How the sound started."""

    device: str
    """Name of the audio device, "none" for a null one."""
    latency_ms: float
    """From a key to its sound, as far as the device tells."""


class SoundPipe(FramePipe):
    """A sound process, seen from the performer. For one thread: the loop's.

    Once it is closed, `last_words` is a line of JSON with what was played.
    """

    def __init__(self, *, null: bool = False) -> None:
        """Start the sound on the default device, or with `null` on none. [may block]

        Raises NoSoundCard when there is nothing to play on, MachineError when it does not start.
        """
        options = ["--null"] if null else []
        super().__init__("antiphon.bridge.sound", options, called="The sound", refusal=NoSoundCard)
        self.ready = Ready(self._answer["device"], self._answer["latency_ms"])
