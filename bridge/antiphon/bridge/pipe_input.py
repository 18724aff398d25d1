"""MIDI bytes from a pipe, as from a port: channel messages out of a stream, however it is cut."""

from __future__ import annotations

import os
from collections import deque

_READ = 256


class PipeInput:
    """MIDI bytes from a pipe, as from a port; it owns the file descriptor from now on."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.name = "pipe"
        self.ended = False
        """Whether the writer is gone and everything was received."""
        self.arrived_ns: int | None = None
        """A pipe does not tell when its messages came."""
        self.lost = False
        self._fd = fd
        self._parser = _Parser()

    def receive(self) -> bytes | None:
        """The next channel message, None when there is none; never waits. [loop]"""
        messages = self._parser.messages
        if not messages and not self.ended:
            self._read()
        return messages.popleft() if messages else None

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
        self._parser.feed(data)


class _Parser:
    """Channel messages out of a byte stream, however it is cut; all else is passed over."""

    def __init__(self) -> None:
        self.messages: deque[bytes] = deque()
        self._status = 0
        self._data = b""

    def feed(self, data: bytes) -> None:
        for byte in data:
            if byte < 0x80:
                self._take(byte)
            elif byte < 0xF8:
                # System common ends running status: its data bytes then belong to nothing.
                self._status = byte if byte < 0xF0 else 0
                self._data = b""

    def _take(self, byte: int) -> None:
        if not self._status:
            return
        self._data += bytes((byte,))
        # Program change and channel pressure have one data byte, the others two.
        if len(self._data) == (1 if self._status & 0xE0 == 0xC0 else 2):
            self.messages.append(bytes((self._status,)) + self._data)
            self._data = b""
