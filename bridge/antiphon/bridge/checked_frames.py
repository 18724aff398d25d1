"""Frames that know whether they are whole: a checksum, a length, a number, and a body. Pure.

    CRC-32 of all that follows (4 bytes), length of the body (4), number (8), body

All big endian. A file of them can be cut or spoilt anywhere: what comes before is still read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = struct.Struct(">IIQ")
_BEHIND_CRC = 4
MOST_BYTES = 2**20
"""Longest body; a longer length is taken for damage."""


class Frame(NamedTuple):
    """A frame that is whole."""

    number: int
    """0..2**64 - 1; the sender counts up."""
    body: bytes
    end: int
    """Where the next one begins in what was read."""


def frame(number: int, body: bytes) -> bytes:
    """The bytes of one frame. [any thread]"""
    head = _HEAD.pack(0, len(body), number)[_BEHIND_CRC:]
    return zlib.crc32(body, zlib.crc32(head)).to_bytes(_BEHIND_CRC) + head + body


def frames(data: bytes, start: int = 0) -> Iterator[Frame]:
    """The whole frames from `start` on, up to the first that is cut or spoilt."""
    view = memoryview(data)
    while start + _HEAD.size <= len(data):
        crc, length, number = _HEAD.unpack_from(data, start)
        body, end = start + _HEAD.size, start + _HEAD.size + length
        if length > MOST_BYTES or end > len(data):
            return
        if zlib.crc32(view[start + _BEHIND_CRC : end]) != crc:
            return
        yield Frame(number, data[body:end], end)
        start = end


class Extent(NamedTuple):
    """How much of some bytes is whole."""

    length: int
    """Bytes of the longest part from the beginning that is whole frames."""
    number: int
    """Number of the last of them, 0 if there is none."""


def extent(data: bytes) -> Extent:
    """How far `data` can be read."""
    last = Extent(0, 0)
    for whole in frames(data):
        last = Extent(whole.end, whole.number)
    return last
