"""One loop-back port for both ways: what we play is not taken for the player's."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from antiphon.bridge import journal, link, midi, ports, sessions
from antiphon.bridge.compensation import Compensation
from antiphon.bridge.latency import through_cable
from antiphon.engine.errors import UserError
from band import is_answer
from loop import loop

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

PHRASE = (69, 72, 71, 69, 64, 65, 69, 67)
MS = 1_000_000
STEP_S, PATIENCE_S = 0.15, 20.0


class Bus:
    """Our hands and ears at the loop."""

    def __init__(self, name: str) -> None:
        self._keys, self._ears = ports.open_output(name), ports.open_input(name)
        self.heard: list[bytes] = []

    def listen(self, seconds: float) -> list[bytes]:
        """What is on the bus in the next while."""
        begin, until = len(self.heard), time.monotonic() + seconds
        while time.monotonic() < until:
            self.heard += iter(self._ears.receive, None)
            time.sleep(0.001)
        return self.heard[begin:]

    def play(self, pitches: Sequence[int]) -> list[bytes]:
        """Play keys one after the other; what that was."""
        played = []
        for pitch in pitches:
            for message in (midi.note_on(0, pitch, 80), midi.note_off(0, pitch)):
                self._keys.send(message)
                played.append(message)
                self.listen(STEP_S / 2)
        return played

    def await_answer(self) -> None:
        """Wait until an answer has begun, and for three seconds more."""
        until = time.monotonic() + PATIENCE_S
        while not any(is_answer(m) for m in self.listen(0.1)):
            assert time.monotonic() < until, "no answer"
        self.listen(3)

    def close(self) -> None:
        self._keys.close()
        self._ears.close()


def conversed(folder: Path, *options: str) -> tuple[list[bytes], list[bytes], journal.Journal]:
    """What was played on the bus, what was heard there, and what the journal says."""
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--no-sound", "--headless"]
    with loop("Bus") as name:
        where = ["--in", name, "--out", name, "--answer", "4", "--folder", str(folder), *options]
        process = subprocess.Popen([*command, *where], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            while "MIDI out" not in process.stdout.readline():
                assert process.poll() is None
            bus = Bus(name)
            bus.listen(1)
            played = bus.play(PHRASE)
            bus.await_answer()
            bus.close()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    found = journal.read(sessions.find(sessions.folder(), None).read_bytes())
    assert found is not None
    # What is let go of at the end comes back too, and nobody reads it any more.
    assert any(isinstance(event, link.Farewell) for event in found.events)
    return played, bus.heard, found


def test_on_one_port_for_both_ways_we_hear_the_player_and_never_ourselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    played, on_the_bus, found = conversed(tmp_path / "out")

    heard = [event.message for event in found.events if isinstance(event, link.Played)]
    assert heard == played
    assert [m for m in on_the_bus if not is_answer(m)] == played, "each key is on the bus once"
    answered = [m for m in on_the_bus if is_answer(m) and midi.kind(m) == midi.NOTE_ON]
    sounded = [event.message for event in found.events if isinstance(event, link.Sounded)]
    assert answered == [m for m in sounded if midi.kind(m) == midi.NOTE_ON]
    assert len(answered) >= 3
    states = [event.state for event in found.events if isinstance(event, link.Turned)]
    assert states == ["listening", "answering", "idle"]


def test_where_inputs_have_rules_a_loop_is_refused(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--no-sound", "--headless"]
    with loop("Bus") as name:
        where = ["--in", f"{name}; transpose 12", "--out", name, "--folder", str(tmp_path)]
        done = subprocess.run(
            [*command, *where], capture_output=True, text=True, timeout=60, check=False
        )

    assert done.returncode == 2
    assert "inputs take no rules" in done.stderr


def test_the_ways_are_measured_through_a_cable() -> None:
    with loop("Cable", 24) as name:
        took = through_cable(name, name, times=10)
    with loop("Cable") as name:
        at_once = through_cable(name, name, times=10)

    ways, least = Compensation.from_loop(took), Compensation.from_loop(at_once)
    assert len(took) >= 8, "on a busy machine one may come too late"
    assert abs(ways.output_ns - least.output_ns - 12 * MS) <= 2 * MS


def test_a_cable_that_is_not_there_is_told() -> None:
    with loop("One") as one, loop("Two") as two, pytest.raises(UserError, match="is there a cable"):
        through_cable(one, two, times=2)
