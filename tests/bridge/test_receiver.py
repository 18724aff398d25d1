from __future__ import annotations

import os
import signal
import time
from contextlib import closing
from typing import NamedTuple

import pytest

from antiphon.bridge import midi, ports
from antiphon.bridge.receiver_pipe import ReceiverPipe
from antiphon.bridge.stamped import Arrived
from antiphon.engine.errors import NoMidiSystem, PortNotFound, UserError
from far_side import play
from pluggable import KEYBOARD, Pluggable
from standstill import Machine, undisturbed, watched

pytestmark = pytest.mark.real

START, PULSE, STOP, POSITION = b"\xfa", b"\xf8", b"\xfc", b"\xf2\x08\x00"
SENSING, SYSEX = b"\xfe", b"\xf0\x7e\x7f\x09\x01\xf7"
APART_NS = 3_000_000


def received(receiver: ReceiverPipe, count: int) -> list[Arrived]:
    """The next messages with their arrival; fails if they do not come."""
    messages: list[Arrived] = []
    until = time.monotonic() + 5
    while len(messages) < count and time.monotonic() < until:
        if message := receiver.receive():
            messages.append(Arrived(receiver.arrived_ns, message))
        time.sleep(0.0005)
    assert len(messages) == count, messages
    return messages


@pytest.mark.usefixtures("jack")
def test_several_inputs_are_one_each_mapped_in_its_own_way() -> None:
    sources = [f"{KEYBOARD}; channel 3; fixed 9", "virtual; split C4 2 finger bass"]
    with closing(Pluggable(KEYBOARD)) as keyboard, closing(ReceiverPipe(sources)) as receiver:
        assert receiver.name == f"{KEYBOARD}:port, Antiphon in"
        assert received(receiver, 1)[0].message == midi.program(1, 33)
        keyboard.send(midi.note_on(0, 60, 80))
        play("Antiphon in", [(0, midi.note_on(0, 59, 80)), (5, midi.note_off(0, 59))])
        keyboard.send(midi.note_off(0, 60))
        begun_ns = time.monotonic_ns()
        came = received(receiver, 4)

    assert [message for _, message in came] == [
        midi.note_on(2, 60, 9),
        midi.note_on(1, 59, 80),
        midi.note_off(1, 59),
        midi.note_off(2, 60),
    ]
    times = [at for at, _ in came]
    assert times == sorted(times)
    assert times[2] < begun_ns


class Clocked(NamedTuple):
    """What came of a clock, music and chatter."""

    music: list[Arrived]
    clock: list[Arrived]
    begun_ns: int
    ended_ns: int
    machine: Machine

    def disturbed(self) -> float:
        """Of the machine, while it came: what it held up comes together."""
        return self.machine.disturbance(self.clock[0].at_ns - APART_NS, self.clock[-1].at_ns)


def clocked() -> Clocked:
    note = midi.note_on(0, 60, 80)
    said = [POSITION, START, PULSE, note, SENSING, PULSE, SYSEX, STOP, midi.note_off(0, 60)]
    with watched() as machine, closing(ReceiverPipe(["virtual"])) as receiver:
        begun_ns = time.monotonic_ns()
        play("Antiphon in", [(APART_NS / 1e6, message) for message in said])
        music, clock = received(receiver, 2), list(iter(receiver.clock, None))
        return Clocked(music, clock, begun_ns, time.monotonic_ns(), machine)


@pytest.mark.usefixtures("jack")
def test_a_clock_comes_apart_from_the_music_and_chatter_not_at_all() -> None:
    seen = undisturbed(clocked, Clocked.disturbed)

    assert [m for _, m in seen.music] == [midi.note_on(0, 60, 80), midi.note_off(0, 60)]
    assert [message for _, message in seen.clock] == [POSITION, START, PULSE, PULSE, STOP]
    times = [at for at, _ in seen.clock]
    assert seen.begun_ns < times[0] < times[-1] < seen.ended_ns
    assert len(set(times)) == len(times)


@pytest.mark.usefixtures("jack")
def test_of_two_clocks_the_first_conducts() -> None:
    with (
        closing(Pluggable(KEYBOARD)) as keyboard,
        closing(ReceiverPipe(["virtual", KEYBOARD])) as receiver,
    ):
        keyboard.send(START)
        play("Antiphon in", [(0, PULSE), (5, STOP), (5, midi.program(0, 1))])
        keyboard.send(PULSE)
        keyboard.send(midi.program(0, 2))
        received(receiver, 2)
        assert [message for _, message in iter(receiver.clock, None)] == [START, PULSE]


@pytest.mark.usefixtures("jack")
def test_what_cannot_be_listened_to_is_refused() -> None:
    with pytest.raises(PortNotFound, match="nonsense"):
        ReceiverPipe(["nonsense"])
    with pytest.raises(UserError, match="'louder'"):
        ReceiverPipe(["virtual; louder"])
    assert ports.list_outputs() == []


@pytest.mark.usefixtures("no_midi")
def test_without_a_midi_system_nothing_can_be_listened_to() -> None:
    with pytest.raises(NoMidiSystem, match="jackd2"):
        ReceiverPipe(["virtual"])


@pytest.mark.usefixtures("jack")
def test_a_killed_receiver_is_noticed() -> None:
    with closing(ReceiverPipe(["virtual"])) as receiver:
        assert receiver.receive() is None
        assert not receiver.lost
        os.kill(receiver.pid, signal.SIGKILL)
        until = time.monotonic() + 5
        while not receiver.lost and time.monotonic() < until:
            receiver.receive()
        assert receiver.lost
