"""Whether the MIDI system that a client hangs on still lives, by the sockets it opened to it.

A client of a JACK server that died notices nothing: its ports are still listed, what it sends goes
nowhere, and closing it crashes. ALSA has no sockets, and does not die.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress

_OPEN_FILES = "/proc/self/fd"


class Lifeline:
    """The sockets that were opened since `before`."""

    def __init__(self, before: frozenset[int]) -> None:
        self._sockets = sockets() - before
        self._poll = select.poll() if self._sockets else None
        if self._poll:
            for socket in self._sockets:
                self._poll.register(socket, 0)

    @property
    def cut(self) -> bool:
        """Whether the other end hung up. [may block]"""
        return bool(self._poll and self._poll.poll(0))


def sockets() -> frozenset[int]:
    """File descriptors of this process's sockets; none where the system does not tell."""
    found = set()
    with suppress(OSError):
        for name in os.listdir(_OPEN_FILES):
            with suppress(OSError):
                if stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                    found.add(int(name))
    return frozenset(found)
