"""The 4-byte frames that go down a pipe to the guard and to the sound: MIDI messages and commands.

A frame is a length 1..3 and that many MIDI bytes, padded; or 0 and a command. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

PANIC = 1
"""Command: end what is held, then silence all 16 channels and bring them to rest."""
RELEASE = 2
"""Command: end what is held."""

SIZE = 4

_CHANNEL_LENGTHS = {0x80: 3, 0x90: 3, 0xA0: 3, 0xB0: 3, 0xC0: 2, 0xD0: 2, 0xE0: 3}
_SYSTEM_LENGTHS: dict[int, int] = {0xF1: 2, 0xF2: 3, 0xF3: 2} | dict.fromkeys(
    (0xF6, *range(0xF8, 0x100)), 1
)


def message(midi: bytes) -> bytes:
    """The frame of 1..3 MIDI bytes."""
    return bytes((len(midi),)) + midi.ljust(3, b"\0")


def command(number: int) -> bytes:
    """The frame of a command."""
    return bytes((0, number, 0, 0))


class Frames:
    """The frames in a stream of bytes, however it is cut. [loop]"""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        """(MIDI message, 0) or (nothing, command) of every whole frame so far, in order.

        Garbage is passed over. Exhaust it before feeding more.
        """
        data = self._rest + data
        whole = len(data) - len(data) % SIZE
        self._rest = data[whole:]
        for start in range(0, whole, SIZE):
            length, first = data[start], data[start + 1]
            if length == 0:
                yield b"", first
            elif length == _length_of(first):
                yield data[start + 1 : start + 1 + length], 0


def _length_of(status: int) -> int:
    """Length of the MIDI message with this status, 0 if it is none or has no fixed length."""
    if status < 0xF0:
        return _CHANNEL_LENGTHS.get(status & 0xF0, 0)
    return _SYSTEM_LENGTHS.get(status, 0)
