from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import ports
from antiphon.bridge.pipe_input import PipeInput
from antiphon.bridge.ports import Input, NullOutput
from antiphon.engine.errors import NoMidiSystem, PortNotFound
from far_side import FarSide, play

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


def everything(port: Input) -> list[bytes]:
    return list(iter(port.receive, None))


def within(port: Input, count: int, seconds: float = 5.0) -> list[bytes]:
    until, messages = time.monotonic() + seconds, everything(port)
    while len(messages) < count and time.monotonic() < until:
        time.sleep(0.002)
        messages += everything(port)
    return messages


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


def test_the_null_output_takes_everything() -> None:
    output: ports.Output = NullOutput()
    output.send(b"\x90\x3c\x40")
    output.close()


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_without_a_midi_system_one_sentence_says_what_to_do(
    capfd: pytest.CaptureFixture[str],
) -> None:
    for ask in (ports.list_inputs, ports.list_outputs):
        with pytest.raises(NoMidiSystem, match=r"snd-seq.*jackd2"):
            ask()
    for attempt in (ports.open_input, ports.open_output):
        with pytest.raises(NoMidiSystem):
            attempt(None)
    assert capfd.readouterr().err == ""


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_a_virtual_output_is_found_and_heard() -> None:
    output = ports.open_output(None)
    assert [name for name in ports.list_inputs() if "Antiphon out" in name]
    heard = ports.open_input("antiphon OUT")
    output.send(b"\x90\x3c\x40")
    output.send(b"\xc0\x05")
    output.send(b"\x80\x3c\x00")
    assert within(heard, 3) == [b"\x90\x3c\x40", b"\xc0\x05", b"\x80\x3c\x00"]
    heard.close()
    output.close()


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_another_process_plays_into_the_virtual_input() -> None:
    port = ports.open_input(None)
    play("Antiphon in", [(0, b"\x90\x3c\x40"), (0, b"\xf8"), (5, b"\x80\x3c\x00")])
    assert within(port, 2) == [b"\x90\x3c\x40", b"\x80\x3c\x00"]
    assert port.receive() is None
    port.close()


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_another_process_hears_the_virtual_output() -> None:
    output = ports.open_output(None)
    far_side = FarSide("Antiphon out")
    output.send(b"\x90\x3c\x40")
    assert [message for _, message in far_side.read(1)] == [b"\x90\x3c\x40"]
    far_side.finish()
    output.close()


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_a_wrong_name_is_told_what_there_is() -> None:
    first, second = ports.open_output(None), ports.open_output(None)
    with pytest.raises(PortNotFound, match=r"matches 'nonsense'.*Antiphon out"):
        ports.open_input("nonsense")
    with pytest.raises(PortNotFound, match=r"2 MIDI ports match"):
        ports.open_input("Antiphon out")
    exact = ports.open_input(ports.list_inputs()[0])
    assert exact.name == ports.list_inputs()[0]
    for port in (exact, first, second):
        port.close()
    assert ports.list_inputs() == []


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_the_last_message_before_closing_arrives() -> None:
    for _ in range(5):
        output = ports.open_output(None)
        far_side = FarSide("Antiphon out")
        output.send(b"\x90\x3c\x40")
        far_side.read(1)
        output.send(b"\x80\x3c\x00")
        output.close()
        assert [message for _, message in far_side.read(1)] == [b"\x80\x3c\x00"]
        far_side.finish()
