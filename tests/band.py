"""`antiphon play` as a user starts it, on a real MIDI system, with our hands on both ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.bridge import midi
from antiphon.bridge.latency import Ports
from antiphon.bridge.ports import list_inputs, list_outputs

ANSWER_FROM_CHANNEL = 1
PATIENCE_S = 20.0


class Band:
    """A running `antiphon play` with a keyboard at one end and an ear at the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._ends = Ports()
        self.heard: list[tuple[int, bytes]] = []
        """(monotonic ns, message) of everything that came out."""

    def play(self, *pitches: int, step_s: float = 0.05) -> None:
        """Play keys one after the other."""
        for pitch in pitches:
            self._ends.play(midi.note_on(0, pitch, 80))
            self.listen(step_s)
            self._ends.play(midi.note_off(0, pitch))

    def pedal(self) -> int:
        """Press and let go of the soft pedal; when it went down."""
        pressed_ns = time.monotonic_ns()
        self._ends.play(midi.control(0, midi.SOFT, 127))
        self._ends.play(midi.control(0, midi.SOFT, 0))
        return pressed_ns

    def listen(self, seconds: float) -> list[tuple[int, bytes]]:
        """Everything that comes out in the next while."""
        until = time.monotonic() + seconds
        begin = len(self.heard)
        while time.monotonic() < until:
            while (item := self._ends.hear()) is not None:
                self.heard.append(item)
            time.sleep(0.0005)
        return self.heard[begin:]

    def next_answer(self, seconds: float = PATIENCE_S) -> int:
        """When the next note of an answer began; fails if none comes."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for at_ns, message in self.listen(0.001):
                if midi.kind(message) == midi.NOTE_ON and is_answer(message):
                    return at_ns
        raise AssertionError(f"no answer within {seconds} s")

    def sounding(self) -> set[tuple[int, int]]:
        """(channel, pitch) of the answer's keys that are down."""
        down: set[tuple[int, int]] = set()
        for _, message in self.heard:
            if is_answer(message):
                key = midi.channel(message), message[1]
                if midi.kind(message) == midi.NOTE_ON:
                    down.add(key)
                elif midi.kind(message) == midi.NOTE_OFF:
                    down.discard(key)
        return down

    def child(self, module: str) -> int:
        """Process id of a child of ours that runs `module`; waits for it."""
        return child_of(self.process.pid, module)

    def close(self) -> None:
        """Let go of both ends."""
        self._ends.close()


@contextmanager
def band(folder: Path, *options: str) -> Iterator[Band]:
    """Start `antiphon play` on virtual ports, and end it with Ctrl-C."""
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--in", "virtual", "--no-sound"]
    process = subprocess.Popen(
        [*command, "--headless", "--folder", str(folder), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        _await_ports(process)
        playing = Band(process)
        try:
            yield playing
        finally:
            playing.close()
    finally:
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=30)
        # Shown by pytest where a test fails, and only there.
        print(said)  # noqa: T201


def child_of(parent: int, module: str) -> int:
    """Process id of a descendant of `parent` that runs `module`; waits for it."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for pid in descendants(parent):
            if f"-m {module} " in _command(pid) + " ":
                return pid
        time.sleep(0.005)
    raise AssertionError(f"{module} does not run")


def left_of(pids: list[int], seconds: float) -> list[int]:
    """Those that still run after a while; waits no longer than there are some."""
    until = time.monotonic() + seconds
    while (left := [pid for pid in pids if _runs(pid)]) and time.monotonic() < until:
        time.sleep(0.01)
    return left


def is_answer(message: bytes) -> bool:
    """Whether a channel message is Antiphon's own."""
    return midi.channel(message) >= ANSWER_FROM_CHANNEL


def _await_ports(process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        inputs, outputs = list_inputs(), list_outputs()
        if any("Antiphon out" in n for n in inputs) and any("Antiphon in" in n for n in outputs):
            # The engine greets within a blink of the ports; a phrase takes longer than that.
            time.sleep(0.5)
            return
        time.sleep(0.1)
    raise AssertionError("antiphon play did not open its ports")


def descendants(pid: int) -> list[int]:
    """Process ids of all that a process started, and of what those started."""
    result = []
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    for child in children:
        result += [int(child), *descendants(int(child))]
    return result


def _runs(pid: int) -> bool:
    """Whether it is there and no zombie, which is only waiting for a parent to look."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def kill(pid: int) -> int:
    """kill -9; when it was sent."""
    at_ns = time.monotonic_ns()
    os.kill(pid, signal.SIGKILL)
    return at_ns
