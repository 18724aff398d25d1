from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

import preload
from antiphon.bridge import ports, rtmidi_driver
from antiphon.bridge.ports import InputPort, NullOutput
from antiphon.engine.errors import NoMidiSystem, PortNotFound
from far_side import FarSide, play

OPENED_ANEW = """
from antiphon.bridge import ports
for key in range(5):
    port = ports.open_output("Antiphon in")
    port.send(bytes([0x90, key, 64]))
    port.close()
"""


def everything(port: InputPort) -> list[bytes]:
    return list(iter(port.receive, None))


def within(port: InputPort, count: int, seconds: float = 5.0) -> list[bytes]:
    until, messages = time.monotonic() + seconds, everything(port)
    while len(messages) < count and time.monotonic() < until:
        time.sleep(0.002)
        messages += everything(port)
    return messages


def test_the_null_output_takes_everything() -> None:
    output: ports.Output = NullOutput()
    output.send(b"\x90\x3c\x40")
    output.close()


class Vanishing:
    """A client whose last port goes away while it is being named."""

    def __init__(self, counts: list[int], there: int) -> None:
        self.counts, self.there = counts, there

    @property
    def ports(self) -> range:
        return range(self.get_port_count())

    def get_port_count(self) -> int:
        return self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]

    def get_port_name(self, index: int) -> str:
        if index >= self.there:
            raise rtmidi_driver.FAILURES[0]("there is no such port")
        return f"port {index}"


def test_a_port_that_vanishes_while_being_named_is_left_out() -> None:
    assert rtmidi_driver.names(Vanishing([3, 2], 2)) == ["port 0", "port 1"]
    assert rtmidi_driver.names(Vanishing([3], 1)) == ["port 0"]


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


@pytest.fixture
def late_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is started now has a JACK thread that is late when a port is connected."""
    late = preload.built(Path(__file__).with_name("late_thread.c"), tmp_path)
    monkeypatch.setenv("LD_PRELOAD", late)


@pytest.mark.real
@pytest.mark.usefixtures("jack", "late_thread")
def test_the_first_message_after_opening_arrives() -> None:
    port = ports.open_input(None)
    subprocess.run([sys.executable, "-c", OPENED_ANEW], check=True)
    assert [message[1] for message in within(port, 5)] == list(range(5))
    port.close()


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
