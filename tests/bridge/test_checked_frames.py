"""Whatever happens to a file of frames, what comes before is read, and nothing raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.checked_frames import Extent, extent, frame, frames

BODIES = st.lists(st.binary(max_size=40), max_size=12)


def joined(bodies: list[bytes]) -> bytes:
    return b"".join(frame(n, body) for n, body in enumerate(bodies, 1))


@given(BODIES)
def test_frames_come_back_as_they_went(bodies: list[bytes]) -> None:
    data = joined(bodies)

    assert [(f.number, f.body) for f in frames(data)] == list(enumerate(bodies, 1))
    assert extent(data) == Extent(len(data), len(bodies))


@given(BODIES, st.data())
def test_cut_at_any_byte_the_longest_whole_part_is_kept(
    bodies: list[bytes], data: st.DataObject
) -> None:
    file = joined(bodies)
    cut = data.draw(st.integers(0, len(file)))
    whole = max(n for n in range(len(bodies) + 1) if len(joined(bodies[:n])) <= cut)

    assert extent(file[:cut]) == Extent(len(joined(bodies[:whole])), whole)
    assert [f.body for f in frames(file[:cut])] == bodies[:whole]


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=8), st.data())
def test_reading_stops_at_the_first_byte_that_is_not_what_it_was(
    bodies: list[bytes], data: st.DataObject
) -> None:
    file = bytearray(joined(bodies))
    at = data.draw(st.integers(0, len(file) - 1))
    file[at] ^= data.draw(st.integers(1, 255))
    before = max(n for n in range(len(bodies)) if len(joined(bodies[:n])) <= at)

    assert [f.body for f in frames(bytes(file))] == bodies[:before]


@given(st.binary(max_size=200))
def test_garbage_is_no_frame_and_no_error(garbage: bytes) -> None:
    assert [f.body for f in frames(joined([b"one"]) + garbage)][:1] == [b"one"]
    assert extent(garbage).length <= len(garbage)


def test_an_end_of_zeros_as_power_loss_leaves_it_is_no_frame() -> None:
    file = joined([b"one"])

    assert extent(file + bytes(4096)) == Extent(len(file), 1)
