from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import frames
from antiphon.bridge.frames import PANIC, Frames

MESSAGES = [b"\x90\x3c\x40", b"\xc0\x05", b"\xf8", b"\x80\x3c\x00"]


def test_what_is_framed_comes_out_however_it_is_cut() -> None:
    stream = b"".join(map(frames.message, MESSAGES)) + frames.command(PANIC)
    for cut in range(1, len(stream) + 1):
        reader, found = Frames(), list[tuple[bytes, int]]()
        for start in range(0, len(stream), cut):
            found += reader.feed(stream[start : start + cut])
        assert found == [*((message, 0) for message in MESSAGES), (b"", PANIC)]


@given(st.binary(max_size=200))
def test_garbage_gives_whole_messages_only(data: bytes) -> None:
    for message, command in Frames().feed(data):
        assert (message[0] >= 0x80) if message else (0 <= command <= 255)


def test_a_message_of_the_wrong_length_is_passed_over() -> None:
    assert list(Frames().feed(b"\x01\x90\x3c\x40\x02\x90\x3c\x40\x03\xc0\x05\x00")) == []
