"""What comes down a pipe from the receiver, or from who plays in its place: messages with the
moment each was played, inputs that come or go.

One frame is 8 bytes of monotonic nanoseconds, big endian, and 4 as in `frames`. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from . import frames

GONE, BACK = 3, 4
"""What became of an input."""

_STAMP = struct.Struct(">q")
SIZE = _STAMP.size + frames.SIZE


class Arrived(NamedTuple):
    """A MIDI message."""

    at_ns: int
    message: bytes


class Changed(NamedTuple):
    """An input went or came back."""

    at_ns: int
    source: int
    """Which of the inputs, counted from 0."""
    here: bool


def arrived(at_ns: int, message: bytes) -> bytes:
    """The frame of 1..3 MIDI bytes that were played at a time."""
    return _STAMP.pack(at_ns) + frames.message(message)


def changed(at_ns: int, source: int, here: bool) -> bytes:
    """The frame of an input that went or came back."""
    return _STAMP.pack(at_ns) + bytes((0, BACK if here else GONE, source, 0))


class Reader:
    """Frames out of a stream, however it is cut. [loop]"""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Arrived | Changed]:
        """What is complete now, in order. Exhaust it before feeding more."""
        data = self._rest + data
        whole = len(data) - len(data) % SIZE
        self._rest = data[whole:]
        for start in range(0, whole, SIZE):
            (at_ns,) = _STAMP.unpack_from(data, start)
            length, *body = data[start + _STAMP.size : start + SIZE]
            if length:
                yield Arrived(at_ns, bytes(body[:length]))
            else:
                yield Changed(at_ns, body[1], body[0] == BACK)
