"""The guard, as its parent sees it: a pipe into the process that owns the MIDI output."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from antiphon.engine.errors import PortNotFound

from .frame_pipe import FramePipe

_READ = 4096


class Ready(NamedTuple):
    """How a guard started."""

    port: str | None
    """Name of the port it owns, None on a machine without MIDI, where it plays into nothing."""
    why: str
    """Why there is no port; empty when there is one."""


class GuardPipe(FramePipe):
    """A guard process, seen from the performer. For one thread: the loop's."""

    def __init__(self, out: str | None) -> None:
        """Start a guard on port `out`, or on a virtual port for None. [may block]

        Raises PortNotFound when there is no such port, MachineError when it does not start.
        """
        options = ["--virtual"] if out is None else ["--out", out]
        super().__init__(
            "antiphon.bridge.guard", options, called="The MIDI guard", refusal=PortNotFound
        )
        self.ready = Ready(self._answer["port"], self._answer.get("why", ""))
        assert self._process.stdout is not None
        self._said = self._process.stdout.fileno()
        os.set_blocking(self._said, False)
        self._rest = b""

    def news(self) -> list[str]:
        """A sentence for each time the port went or came back since the last call. [loop]"""
        try:
            self._rest += os.read(self._said, _READ)
        except BlockingIOError:
            return []
        *lines, self._rest = self._rest.split(b"\n")
        return [_sentence(**json.loads(line)) for line in lines]


def _sentence(port: str, here: bool) -> str:
    if here:
        return f"{port} is back; what it still sounded is ended."
    return f"{port} is gone; it is played to again when it is back."
