from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import panic, ports
from antiphon.bridge.frames import PANIC, RELEASE, command
from antiphon.bridge.frames import message as frame
from antiphon.bridge.guard import Guard
from antiphon.bridge.guard_pipe import GuardPipe
from antiphon.engine.errors import PortNotFound
from far_side import FarSide, Heard, stuck
from standstill import Span, watched

CHORD = (60, 64, 67, 72)
LAST_WORD = bytes((0xB1, 120, 0))
KILLS = 10
RELEASED_WITHIN_MS = 50

PERFORMER = f"""
import json, sys, time
from antiphon.bridge.guard_pipe import GuardPipe
guard = GuardPipe(None)
print(json.dumps(guard.ready.port), flush=True)
sys.stdin.readline()
for pitch in {CHORD}:
    guard.send(bytes((0x91, pitch, 80)))
while True:
    time.sleep(0.0005)
    guard.send(bytes((0xB1, 11, 100)))
"""


class Recorder:
    """An output that remembers."""

    name = "recorder"

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.messages.append(message)

    def close(self) -> None:
        pass


def start_performer() -> subprocess.Popen[str]:
    performer = subprocess.Popen(
        [sys.executable, "-c", PERFORMER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert performer.stdout is not None
    assert json.loads(performer.stdout.readline()) == "Antiphon out"
    return performer


def play_chord(performer: subprocess.Popen[str], far_side: FarSide) -> list[Heard]:
    assert performer.stdin is not None
    performer.stdin.write("\n")
    performer.stdin.flush()
    return far_side.read(len(CHORD))


def await_guard_gone() -> None:
    for _ in range(500):
        if not ports.list_inputs():
            return
        time.sleep(0.01)
    pytest.fail("the guard still has its port after 5 s")


def test_messages_pass_unchanged_and_frames_may_be_cut() -> None:
    messages = [b"\x90\x3c\x40", b"\xc0\x05", b"\xf8", b"\x80\x3c\x00"]
    stream = b"".join(map(frame, messages))
    for cut in range(1, 9):
        output = Recorder()
        guard = Guard(output)
        for start in range(0, len(stream), cut):
            guard.feed(stream[start : start + cut])
        assert output.messages == messages


@given(
    st.lists(st.tuples(st.sampled_from((0x80, 0x90, 0x93, 0xB0)), st.integers(0, 3), st.booleans()))
)
def test_the_farewell_ends_exactly_what_is_held(strokes: list[tuple[int, int, bool]]) -> None:
    output, heard = Recorder(), list[Heard]()
    guard = Guard(output)
    for status, pitch, loud in strokes:
        guard.feed(frame(bytes((status, pitch, 64 if loud else 0))))
    heard = [Heard(0, message) for message in output.messages]
    held, channels = stuck(heard), {message[0] & 15 for message in output.messages}
    output.messages.clear()
    guard.farewell()
    assert output.messages == panic.silence(held, channels)


def test_release_ends_the_notes_and_leaves_the_channels_alone() -> None:
    output = Recorder()
    guard = Guard(output)
    guard.feed(frame(b"\x91\x3c\x40") + command(RELEASE))
    assert output.messages[1:] == [b"\x81\x3c\x00"]
    guard.release()
    assert len(output.messages) == 2


def test_panic_silences_all_channels() -> None:
    output = Recorder()
    Guard(output).feed(frame(b"\x91\x3c\x40") + command(PANIC))
    assert output.messages[1:] == panic.panic([(1, 60)])


def test_what_is_held_when_the_port_goes_is_ended_when_it_is_back() -> None:
    output = Recorder()
    guard = Guard(output)
    guard.feed(frame(b"\x91\x3c\x40") + frame(b"\xc1\x28"))
    guard.gone()
    guard.feed(frame(b"\x91\x40\x40") + frame(b"\x92\x40\x40") + frame(b"\x82\x40\x00"))
    guard.release()
    assert len(output.messages) == 2
    again = Recorder()
    Guard(None, guard.memory).back(again)
    assert again.messages == [*panic.silence([(1, 60), (1, 64)], [1, 2]), b"\xc1\x28"]


@given(st.binary(max_size=200))
def test_garbage_on_the_pipe_harms_nobody(data: bytes) -> None:
    guard = Guard(Recorder())
    guard.feed(data)
    guard.farewell()


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_without_midi_the_guard_runs_all_the_same() -> None:
    guard = GuardPipe(None)
    assert guard.ready.port is None
    assert "jackd2" in guard.ready.why
    guard.send(b"\x90\x3c\x40")
    guard.close()
    assert (guard.dropped, guard.lost) == (0, True)


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_a_full_pipe_drops_beginnings_and_keeps_ends() -> None:
    guard = GuardPipe(None)
    os.kill(guard.pid, signal.SIGSTOP)
    sent = 0
    while not guard.dropped:
        guard.send(b"\x90\x3c\x40")
        sent += 1
    guard.send(b"\x80\x3c\x00")
    guard.send(b"\xb0\x40\x00")
    guard.send(b"\x90\x3c\x40")
    assert guard.dropped == 2
    assert not guard.flush()
    assert not guard.panic()
    os.kill(guard.pid, signal.SIGCONT)
    for _ in range(500):
        if guard.flush():
            break
        time.sleep(0.01)
    guard.send(b"\x90\x3c\x40")
    assert (guard.dropped, guard.flush()) == (2, True)
    guard.close()


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_a_killed_guard_is_noticed_and_harms_nobody() -> None:
    guard = GuardPipe(None)
    os.kill(guard.pid, signal.SIGKILL)
    for _ in range(500):
        guard.send(b"\x90\x3c\x40")
        if guard.lost:
            break
        time.sleep(0.01)
    assert guard.lost
    guard.close()


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_a_killed_guard_is_noticed_without_sending_anything() -> None:
    guard = GuardPipe(None)
    assert not guard.look()
    os.kill(guard.pid, signal.SIGKILL)
    for _ in range(500):
        if guard.look():
            break
        time.sleep(0.01)
    assert guard.lost
    guard.close()


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_a_port_that_is_not_there_is_refused() -> None:
    with pytest.raises(PortNotFound, match="nonsense"):
        GuardPipe("nonsense")


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_closing_the_pipe_ends_everything_and_says_so_on_the_used_channels() -> None:
    guard = GuardPipe(None)
    assert guard.ready == ("Antiphon out", "")
    far_side = FarSide("Antiphon out")
    guard.send(b"\x91\x3c\x40")
    far_side.read(1)
    guard.close()
    said = [message for _, message in far_side.read(4)]
    assert said == panic.silence([(1, 60)], [1])
    assert far_side.finish() == []


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_ctrl_c_and_a_closed_terminal_are_not_its_business_but_sigterm_is() -> None:
    guard = GuardPipe(None)
    far_side = FarSide("Antiphon out")
    guard.send(b"\x90\x3c\x40")
    far_side.read(1)
    os.kill(guard.pid, signal.SIGINT)
    os.kill(guard.pid, signal.SIGHUP)
    guard.send(b"\x90\x3e\x40")
    far_side.read(1)
    os.kill(guard.pid, signal.SIGTERM)
    said = [message for _, message in far_side.read(5)]
    assert said == panic.silence([(0, 60), (0, 62)], [0])
    far_side.finish()
    guard.close()


@pytest.mark.real
@pytest.mark.usefixtures("jack")
def test_no_note_hangs_when_the_performer_is_killed() -> None:
    with watched() as machine:
        released = [kill_mid_chord(random.Random(seed)) for seed in range(KILLS)]
    took_ms = sorted(machine.took_ns(*span) / 1e6 for span in released)
    print("kill to last note-off, ms:", [f"{ms:.1f}" for ms in took_ms])  # noqa: T201
    assert took_ms[-1] <= RELEASED_WITHIN_MS


def kill_mid_chord(chance: random.Random) -> Span:
    """When it was killed and when the last note-off came, with no note left down."""
    performer = start_performer()
    far_side = FarSide("Antiphon out")
    heard = play_chord(performer, far_side)
    time.sleep(chance.uniform(0, 0.03))
    killed_ns = time.monotonic_ns()
    performer.kill()
    performer.communicate()
    heard += far_side.read_until(LAST_WORD) + far_side.finish()
    await_guard_gone()
    assert stuck(heard) == set()
    ends = [ns for ns, message in heard if message[0] & 0xF0 == 0x80]
    assert len(ends) == len(CHORD)
    assert heard[-1].message == LAST_WORD
    return killed_ns, max(ends)
