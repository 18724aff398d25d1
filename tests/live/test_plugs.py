"""`antiphon play` while plugs are pulled."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from antiphon.bridge import midi, ports
from band import child_of, is_answer, kill
from pluggable import KEYBOARD, SYNTH, Pluggable

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

PHRASE = (69, 72, 71, 69, 64, 65, 69, 67)
CHORD = (60, 64, 67)
ALL_SOUND_OFF = 120
ANTIPHON = (
    *(sys.executable, "-m", "antiphon.bridge", "play", "--in", KEYBOARD),
    *("--no-sound", "--headless", "--answer", "4"),
)


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


def test_a_keyboard_unplugged_in_a_chord_lets_go_and_is_answered_when_it_is_back(
    keyboard: Pluggable, tmp_path: Path
) -> None:
    with playing(tmp_path) as process:
        ear = await_output()
        heard: list[bytes] = []

        def until(done: Callable[[], bool]) -> None:
            end = time.monotonic() + 20
            while not done() and time.monotonic() < end:
                heard.extend(iter(ear.receive, None))
                time.sleep(0.001)
            assert done(), " ".join(message.hex() for message in heard)

        for pitch in CHORD:
            keyboard.send(midi.note_on(0, pitch, 80))
        until(lambda: len(heard) == len(CHORD))
        keyboard.ask("unplug")
        until(lambda: heard[len(CHORD) :][:3] == [midi.note_off(0, pitch) for pitch in CHORD])
        until(lambda: any(map(is_answer, heard)))
        keyboard.ask("plug")
        await_line(process, "port is back")
        for pitch in PHRASE:
            keyboard.send(midi.note_on(0, pitch, 80))
            keyboard.send(midi.note_off(0, pitch))
        until(lambda: heard[-1] == midi.note_off(0, PHRASE[-1]))
        heard.clear()
        until(lambda: any(map(is_answer, heard)))
        ear.close()
    assert process.returncode == 0


def test_what_a_killed_guard_left_sounding_at_a_synth_is_ended_by_another(
    keyboard: Pluggable, synth: Pluggable, tmp_path: Path
) -> None:
    with playing(tmp_path, "--out", SYNTH) as process:
        await_line(process, "MIDI out")
        for pitch in CHORD:
            keyboard.send(midi.note_on(0, pitch, 80))
        heard = synth.wait_for(midi.note_on(0, CHORD[-1], 80))
        kill(child_of(process.pid, "antiphon.bridge.guard"))
        ended = synth.wait_for(midi.control(0, ALL_SOUND_OFF, 0))
        process.wait(20)

    sounding = [m for m in heard if midi.kind(m) == midi.NOTE_ON and not is_answer(m)]
    assert sounding == [midi.note_on(0, pitch, 80) for pitch in CHORD]
    assert set(ended) >= {midi.note_off(0, pitch) for pitch in CHORD}
    assert process.returncode == 3
    assert list(tmp_path.glob("*.mid"))


@contextmanager
def playing(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`antiphon play` on the keyboard, ended by Ctrl-C."""
    command = [*ANTIPHON, "--folder", str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def await_output() -> ports.InputPort:
    end = time.monotonic() + 20
    while not any("Antiphon out" in name for name in ports.list_inputs()):
        assert time.monotonic() < end, "antiphon play did not open its port"
        time.sleep(0.1)
    ear = ports.open_input("Antiphon out")
    time.sleep(0.5)  # the engine greets within a blink of the ports
    return ear


def await_line(process: subprocess.Popen[str], words: str) -> None:
    """Read what it says up to a line with these words."""
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"it ended without saying {words!r}")
