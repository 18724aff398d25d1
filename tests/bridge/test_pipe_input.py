from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.pipe_input import PipeInput

CHANNEL_MESSAGES = st.one_of(
    st.builds(
        lambda status, first, second: bytes((status, first, second)),
        st.one_of(st.integers(0x80, 0xBF), st.integers(0xE0, 0xEF)),
        st.integers(0, 127),
        st.integers(0, 127),
    ),
    st.builds(
        lambda status, first: bytes((status, first)), st.integers(0xC0, 0xDF), st.integers(0, 127)
    ),
)


@pytest.fixture
def pipe() -> Iterator[tuple[PipeInput, int]]:
    reading, writing = os.pipe()
    port = PipeInput(reading)
    yield port, writing
    port.close()
    os.close(writing)


def everything(port: PipeInput) -> list[bytes]:
    return list(iter(port.receive, None))


@given(st.lists(CHANNEL_MESSAGES, max_size=30), st.randoms(use_true_random=False))
def test_a_pipe_gives_every_message_however_it_is_cut(messages: list[bytes], cuts: object) -> None:
    randint = getattr(cuts, "randint")  # noqa: B009 - hypothesis gives its own Random
    reading, writing = os.pipe()
    port = PipeInput(reading)
    stream, heard = b"".join(messages), list[bytes]()
    while stream:
        cut = randint(1, len(stream))
        os.write(writing, stream[:cut])
        stream = stream[cut:]
        heard += everything(port)
    os.close(writing)
    assert heard == messages
    assert not port.ended
    assert port.receive() is None
    assert port.ended
    port.close()


def test_a_pipe_understands_running_status(pipe: tuple[PipeInput, int]) -> None:
    port, writing = pipe
    os.write(writing, bytes((0x90, 60, 64, 62, 0, 0xC1, 5, 6)))
    assert everything(port) == [b"\x90\x3c\x40", b"\x90\x3e\x00", b"\xc1\x05", b"\xc1\x06"]


def test_realtime_may_stand_anywhere_and_sysex_is_passed_over(pipe: tuple[PipeInput, int]) -> None:
    port, writing = pipe
    os.write(writing, bytes((0x90, 0xF8, 60, 0xFE, 64, 0xF0, 1, 2, 3, 0xF7, 9, 9, 0x80, 60, 0)))
    assert everything(port) == [b"\x90\x3c\x40", b"\x80\x3c\x00"]


def test_an_empty_pipe_does_not_wait(pipe: tuple[PipeInput, int]) -> None:
    port, _ = pipe
    assert port.receive() is None
    assert not port.ended
