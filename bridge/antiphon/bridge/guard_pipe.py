"""The guard, as its parent sees it: a pipe into the process that owns the MIDI output."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.engine.errors import PortNotFound

from .frame_pipe import FramePipe


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
