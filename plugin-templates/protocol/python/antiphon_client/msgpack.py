"""MessagePack, as much of it as the protocol uses: nil, booleans, numbers, text, arrays, maps.

    packed(["ping", 1])                  b"\\x92\\xa4ping\\x01"
    unpacked(b"\\x92\\xa4ping\\x01")     ["ping", 1]

Whole numbers take the fewest bytes, fractions eight. What cannot be read is `Unreadable`, and
never costs more memory than the bytes it came in.
"""

from __future__ import annotations

import struct
from typing import Any

DEEPEST = 16
"""Arrays and maps inside one another."""

_UNSIGNED = ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q"))
_SIGNED = ((0xD0, ">b"), (0xD1, ">h"), (0xD2, ">i"), (0xD3, ">q"))
_NUMBERS = {**dict(_UNSIGNED), **dict(_SIGNED), 0xCA: ">f", 0xCB: ">d"}
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}
_LONG_TEXT = {0xD9: ">B", 0xDA: ">H", 0xDB: ">I"}
_LONG_ARRAY = {0xDC: ">H", 0xDD: ">I"}
_LONG_MAP = {0xDE: ">H", 0xDF: ">I"}


class Unreadable(ValueError):
    """These bytes are no value, or one that the protocol does not use."""


def packed(value: Any) -> bytes:
    """A value as bytes; TypeError if it is of a kind that the protocol does not use."""
    if value is None or isinstance(value, bool):
        return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
    if isinstance(value, int):
        return _packed_integer(value)
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        text = value.encode()
        return _head(len(text), 0xA0, 32, _LONG_TEXT) + text
    if isinstance(value, (list, tuple)):
        return _head(len(value), 0x90, 16, _LONG_ARRAY) + b"".join(map(packed, value))
    if isinstance(value, dict):
        pairs = [packed(key) + packed(entry) for key, entry in value.items()]
        return _head(len(value), 0x80, 16, _LONG_MAP) + b"".join(pairs)
    raise TypeError(f"{type(value).__name__} cannot be sent")


def unpacked(data: bytes) -> Any:
    """The one value that these bytes hold; `Unreadable` if they hold another number of them."""
    reader = _Reader(data)
    try:
        value = reader.value(DEEPEST)
    except (struct.error, UnicodeDecodeError) as error:
        raise Unreadable(str(error)) from None
    if reader.at != len(data):
        raise Unreadable("there is more than one value")
    return value


def _packed_integer(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b" if value < 0 else "B", value)
    for code, layout in _SIGNED if value < 0 else _UNSIGNED:
        try:
            return bytes([code]) + struct.pack(layout, value)
        except struct.error:
            continue
    raise TypeError(f"{value} is too large to be sent")


def _head(length: int, short: int, below: int, long: dict[int, str]) -> bytes:
    """What stands before text, an array or a map: its kind and its length."""
    if length < below:
        return bytes([short | length])
    for code, layout in long.items():
        if length < 1 << 8 * struct.calcsize(layout):
            return bytes([code]) + struct.pack(layout, length)
    raise TypeError(f"{length} entries are too many to be sent")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def value(self, deeper: int) -> Any:
        """The value that begins here; `deeper` levels may be inside it."""
        code = self._number(">B")
        if code < 0x80:
            return code
        if code >= 0xE0:
            return code - 0x100
        if code < 0xC0:
            return self._short(code, deeper)
        if code in _CONSTANTS:
            return _CONSTANTS[code]
        if code in _NUMBERS:
            return self._number(_NUMBERS[code])
        return self._long(code, deeper)

    def _short(self, code: int, deeper: int) -> Any:
        if code >= 0xA0:
            return self._text(code & 31)
        return self._map(code & 15, deeper) if code < 0x90 else self._array(code & 15, deeper)

    def _long(self, code: int, deeper: int) -> Any:
        if code in _LONG_TEXT:
            return self._text(self._number(_LONG_TEXT[code]))
        if code in _LONG_ARRAY:
            return self._array(self._number(_LONG_ARRAY[code]), deeper)
        if code in _LONG_MAP:
            return self._map(self._number(_LONG_MAP[code]), deeper)
        raise Unreadable(f"0x{code:02x} begins nothing that the protocol uses")

    def _text(self, length: int) -> str:
        self._demand(length)
        begin, self.at = self.at, self.at + length
        return self._data[begin : self.at].decode()

    def _array(self, length: int, deeper: int) -> list[Any]:
        self._enter(length, deeper)
        return [self.value(deeper - 1) for _ in range(length)]

    def _map(self, length: int, deeper: int) -> dict[str, Any]:
        self._enter(2 * length, deeper)
        return {self._key(): self.value(deeper - 1) for _ in range(length)}

    def _key(self) -> str:
        key = self.value(0)
        if not isinstance(key, str):
            raise Unreadable("a key of a map is no text")
        return key

    def _enter(self, entries: int, deeper: int) -> None:
        self._demand(entries)  # each takes a byte at least
        if not deeper:
            raise Unreadable(f"nested more than {DEEPEST} deep")

    def _demand(self, count: int) -> None:
        if count > len(self._data) - self.at:
            raise Unreadable("it announces more than there is")

    def _number(self, layout: str) -> Any:
        (number,) = struct.unpack_from(layout, self._data, self.at)
        self.at += struct.calcsize(layout)
        return number
