from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

import jackd
from antiphon.bridge import midi, panic, ports
from antiphon.bridge.guard_pipe import GuardPipe
from antiphon.bridge.receiver_pipe import ReceiverPipe
from antiphon.engine.errors import NoMidiSystem
from pluggable import KEYBOARD, SYNTH, Pluggable

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("jack")]

CYCLES = int(os.environ.get("PORT_CYCLES", "3"))
"""Gone and back; PORT_CYCLES=100 is the full count."""
BACK_WITHIN_NS = 2_000_000_000
CHORD = (60, 64, 67)


@pytest.fixture
def keyboard() -> Iterator[Pluggable]:
    keyboard = Pluggable(KEYBOARD)
    yield keyboard
    keyboard.close()


@pytest.fixture
def synth() -> Iterator[Pluggable]:
    synth = Pluggable(SYNTH)
    yield synth
    synth.close()


def test_a_keyboard_that_goes_lets_go_of_its_keys_and_is_heard_when_it_is_back(
    keyboard: Pluggable,
) -> None:
    unplugged_ns, plugged_ns, belongings = [], [], []
    with closing(ReceiverPipe([KEYBOARD])) as receiver:
        for cycle in range(CYCLES + 2):
            for pitch in CHORD:
                keyboard.send(midi.note_on(0, pitch, 80))
            keyboard.send(midi.control(0, midi.SUSTAIN, 127))
            assert received(receiver, 4)[-1] == midi.control(0, midi.SUSTAIN, 127)
            keyboard.ask("unplug")
            since_ns = time.monotonic_ns()
            lifted = [midi.note_off(0, pitch) for pitch in CHORD] + [
                midi.control(0, midi.SUSTAIN, 0)
            ]
            assert received(receiver, 4) == lifted
            unplugged_ns.append(time.monotonic_ns() - since_ns)
            assert "is gone" in news(receiver.news, receiver)
            keyboard.ask("plug")
            since_ns = time.monotonic_ns()
            assert "port is back" in news(receiver.news, receiver)
            plugged_ns.append(time.monotonic_ns() - since_ns)
            if cycle >= 1:
                belongings.append(belongings_of(receiver.pid))
    tell("keyboard gone to keys up", unplugged_ns)
    tell("keyboard back to heard again", plugged_ns)
    assert max(plugged_ns) <= BACK_WITHIN_NS
    assert belongings[-1] == belongings[0]


def test_a_synth_that_goes_is_silenced_and_played_to_when_it_is_back(synth: Pluggable) -> None:
    plugged_ns, belongings = [], []
    with closing(GuardPipe(SYNTH)) as guard:
        guard.send(midi.program(1, 40))
        synth.wait_for(midi.program(1, 40))
        for cycle in range(CYCLES + 2):
            guard.send(midi.note_on(1, 60, 80))
            synth.wait_for(midi.note_on(1, 60, 80))
            synth.ask("unplug")
            assert "is gone" in news(guard.news)
            guard.send(midi.note_on(1, 64, 80))
            synth.ask("plug")
            since_ns = time.monotonic_ns()
            heard = synth.wait_for(midi.program(1, 40))
            plugged_ns.append(time.monotonic_ns() - since_ns)
            assert heard == [*panic.silence([(1, 60), (1, 64)], [1]), midi.program(1, 40)]
            assert "port is back" in news(guard.news)
            if cycle >= 1:
                belongings.append(belongings_of(guard.pid))
    tell("synth back to silenced", plugged_ns)
    assert max(plugged_ns) <= BACK_WITHIN_NS
    assert belongings[-1] == belongings[0]
    assert synth.heard()[-1] == midi.control(1, 120, 0)


def received(receiver: ReceiverPipe, count: int, seconds: float = 5.0) -> list[bytes]:
    """The next messages; fails if they do not come."""
    messages: list[bytes] = []
    until = time.monotonic() + seconds
    while len(messages) < count and time.monotonic() < until:
        messages += iter(receiver.receive, None)
        time.sleep(0.001)
    assert len(messages) >= count, messages
    return messages


def news(ask: Callable[[], list[str]], receiver: ReceiverPipe | None = None) -> str:
    """The next news."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if receiver:
            assert receiver.receive() is None
        if sentences := ask():
            (sentence,) = sentences
            return sentence
        time.sleep(0.001)
    raise AssertionError("no news")


def belongings_of(pid: int) -> tuple[int, int, int]:
    """Open files and threads of a process, and ports that anybody has."""
    files, threads = Path(f"/proc/{pid}/fd"), Path(f"/proc/{pid}/task")
    ports_there = len(ports.list_inputs()) + len(ports.list_outputs())
    return len(list(files.iterdir())), len(list(threads.iterdir())), ports_there


def tell(what: str, times_ns: list[int]) -> None:
    ordered = sorted(times_ns)
    p50, most = ordered[len(ordered) // 2] / 1e6, ordered[-1] / 1e6
    print(f"{what}: p50 {p50:.0f}, max {most:.0f} ms of {len(ordered)}")  # noqa: T201


def test_a_midi_system_that_dies_and_comes_again_is_found_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A killed server keeps one of JACK's eight places until the next of its name ends in order.
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "antiphon-mortal")
    with ExitStack() as ours:
        with jack_server(signal.SIGKILL):
            keyboard, synth = Pluggable(KEYBOARD), Pluggable(SYNTH)
            receiver = ours.enter_context(closing(ReceiverPipe([KEYBOARD, "virtual"])))
            guard = ours.enter_context(closing(GuardPipe(SYNTH)))
            pids = receiver.pid, guard.pid
            keyboard.send(midi.note_on(0, 60, 80))
            assert received(receiver, 1) == [midi.note_on(0, 60, 80)]
            guard.send(midi.note_on(1, 60, 80))
            synth.wait_for(midi.note_on(1, 60, 80))
            keyboard.close()
            synth.close()
        assert received(receiver, 1) == [midi.note_off(0, 60)]
        assert "is gone" in "".join(await_news(receiver, guard, 3))
        with jack_server(signal.SIGTERM):
            keyboard, synth = Pluggable(KEYBOARD), Pluggable(SYNTH)
            assert "port is back" in "".join(await_news(receiver, guard, 3))
            assert synth.wait_for(midi.control(1, 120, 0)) == panic.silence([(1, 60)], [1])
            keyboard.send(midi.note_on(0, 62, 80))
            assert received(receiver, 1) == [midi.note_on(0, 62, 80)]
            guard.send(midi.note_on(1, 62, 80))
            synth.wait_for(midi.note_on(1, 62, 80))
            assert (receiver.pid, guard.pid) == pids
            assert not receiver.look()
            assert not guard.look()
            for one in (keyboard, synth, receiver, guard):
                one.close()


@contextmanager
def jack_server(end: signal.Signals) -> Iterator[None]:
    """A JACK server of the default name, ended by a signal."""
    server = start_jack()
    try:
        yield
    finally:
        server.send_signal(end)
        server.wait()


def start_jack() -> subprocess.Popen[bytes]:
    """A server that is ready; one that trips over what a killed one left behind is replaced."""
    name = os.environ["JACK_DEFAULT_SERVER"]
    for _ in range(5):
        server = subprocess.Popen(
            jackd.command(name), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 3
        while time.monotonic() < until and server.poll() is None:
            with suppress(NoMidiSystem):
                ports.list_inputs()
                return server
            time.sleep(0.1)
        server.kill()
        server.wait()
    raise AssertionError("jackd does not start")


def await_news(receiver: ReceiverPipe, guard: GuardPipe, count: int) -> list[str]:
    """So many sentences from both."""
    told: list[str] = []
    until = time.monotonic() + 15
    while len(told) < count and time.monotonic() < until:
        assert receiver.receive() is None
        told += receiver.news() + guard.news()
        time.sleep(0.001)
    assert len(told) == count, told
    return told
