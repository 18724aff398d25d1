"""The Python client's codec and wire: any value, any bytes, in any pieces."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostile import GREETING, READY

sys.path.append(str(Path(__file__).parents[2] / "plugin-templates" / "protocol" / "python"))
msgpack: Any = importlib.import_module("antiphon_client.msgpack")
zmtp: Any = importlib.import_module("antiphon_client.zmtp")

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=40)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=5), inner, max_size=20)
    ),
    max_leaves=40,
)
FRAMES = st.lists(st.binary(max_size=600), max_size=6)


def framed(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, dict | list) else 0


@given(VALUES)
def test_values_are_packed_as_msgspec_packs_them(value: Any) -> None:
    frame = msgspec.msgpack.encode(value)

    assert msgpack.packed(value) == frame
    if depth(value) <= msgpack.DEEPEST:
        assert msgpack.unpacked(frame) == value


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(frame: bytes) -> None:
    try:
        value = msgpack.unpacked(frame)
    except msgpack.Unreadable:
        return
    assert depth(value) <= msgpack.DEEPEST


@pytest.mark.parametrize("length", [31, 32, 255, 256, 65535, 65536])
def test_long_text_and_lists_have_the_heads_they_need(length: int) -> None:
    for value in ("x" * length, [1] * length, {str(i): i for i in range(min(length, 300))}):
        assert msgpack.unpacked(msgpack.packed(value)) == value
        assert msgpack.packed(value) == msgspec.msgpack.encode(value)


@given(FRAMES, st.lists(st.integers(1, 300), max_size=20))
def test_messages_arrive_whatever_pieces_they_come_in(frames: list[bytes], cuts: list[int]) -> None:
    data = GREETING + READY + b"".join(map(framed, frames))
    wire, heard = zmtp.Wire(), []
    for cut in cuts:
        heard += wire.feed(data[:cut])
        data = data[cut:]
    heard += wire.feed(data)

    assert wire.ready
    assert heard == frames


@given(FRAMES, st.binary(max_size=300))
def test_messages_of_several_frames_leave_no_trace(frames: list[bytes], part: bytes) -> None:
    several = framed(part, 1) * 3 + framed(part)
    wire = zmtp.Wire()

    heard = wire.feed(GREETING + READY + several + b"".join(map(framed, frames)) + several)

    assert heard == frames
    assert not wire._in


def test_nobody_who_takes_nothing_fills_the_memory() -> None:
    wire = zmtp.Wire()
    wire.feed(GREETING + READY)
    frame = bytes(100_000)
    taken = sum(wire.send(frame) for _ in range(50))

    assert 0 < taken < 50
    assert len(wire.out) <= zmtp.LONGEST
    ping = framed(b"\x04PING\0\0" + bytes(200), 4)
    with pytest.raises(zmtp.Lost):
        wire.feed(ping * 10_000)
