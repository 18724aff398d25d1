"""MIDI from a pipe, as from a port: the frames of `stamped`, each with the moment it was played."""

from __future__ import annotations

import os
from collections import deque

from .stamped import SIZE, Arrived, Reader

_READ = 256 * SIZE


class PipeInput:
    """Messages from a pipe, as from a port; it owns the file descriptor from now on."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.name = "pipe"
        self.ended = False
        """Whether the writer is gone and everything was received."""
        self.arrived_ns = 0
        """When the latest message that was received was played, monotonic."""
        self.lost = False
        self._fd = fd
        self._reader = Reader()
        self._messages: deque[Arrived] = deque()

    def receive(self) -> bytes | None:
        """The next message, None when there is none; never waits. [loop]"""
        if not self._messages and not self.ended:
            self._read()
        if not self._messages:
            return None
        self.arrived_ns, message = self._messages.popleft()
        return message

    def clock(self) -> None:
        """A pipe conducts nobody. [loop]"""

    def news(self) -> list[str]:
        """Nothing ever happens to a pipe. [loop]"""
        return []

    def fileno(self) -> int:
        """For `select`: readable when there is something to receive, and when it has ended."""
        return self._fd

    def close(self) -> None:
        """Close the file descriptor."""
        os.close(self._fd)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        self.ended = not data
        self._messages += (item for item in self._reader.feed(data) if isinstance(item, Arrived))
