"""An engine under siege: it lives, who plays hears every note in time, and its memory stays.

`SIEGE_FRAMES=1000000` sends a million frames, and knocks ten thousand times, `SIEGE_ROUNDS=20`
stops a client twenty times;
`--log-cli-level=INFO` tells what was measured.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from antiphon.engine.protocol import Close
from antiphon.export.bench.child import Child
from antiphon.export.bench.player import Player
from antiphon.export.bench.wire import Wire, wait
from siege import Besieger

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]

FRAMES = int(os.environ.get("SIEGE_FRAMES", "20000"))
ROUNDS = int(os.environ.get("SIEGE_ROUNDS", "1"))
ROUND_S = 13
"""Long enough for two answers of each player."""
GREEDY = """
import sys
from antiphon.engine.protocol import Answer, Open
from antiphon.export.bench.wire import Wire, wait
wire = Wire(sys.argv[1])
for n in range(4):
    wire.say(Open(n, seed=n))
    wire.say(Answer(n, 1, start=0, until=2**31 - 1, prompt=True))
while True:
    wait([wire], 1000)
    wire.heard()
"""
"""Asks for music without end, and hears it."""
FRAMES_A_KNOCK = 100
BURST = 20
NOTES_A_SECOND = 8
MOST_MB = 300
"""With every place in use."""
MOST_DRY = 0.01
"""On a machine that does something else as well."""


class Hall:
    """Players at one engine, in real time, on one thread with who disturbs them."""

    def __init__(self, endpoint: str, players: int) -> None:
        self.wires = [Wire(endpoint) for _ in range(players)]
        self.players: list[Player] = []
        for n in range(players):
            self.players.append(Player(n, NOTES_A_SECOND, time.monotonic_ns() + n * 500_000_000))

    def play(self, timeout_ms: int = 0) -> None:
        """Whatever is due now; then hear what came."""
        for player, wire in zip(self.players, self.wires, strict=True):
            if player.due_ns <= time.monotonic_ns():
                for request in player.act(time.monotonic_ns()):
                    wire.say(request)
        for wire in wait(self.wires, timeout_ms):
            for reply in wire.heard():
                self.players[self.wires.index(wire)].take(reply, time.monotonic_ns())

    def close(self) -> None:
        for player, wire in zip(self.players, self.wires, strict=True):
            wire.say(Close(player.session))
            wire.close()

    @property
    def dry(self) -> float:
        """Part of all notes that were not there when they were due."""
        return sum(p.dry for p in self.players) / sum(p.events for p in self.players)

    def starts_ms(self) -> list[float]:
        return sorted(ns / 1e6 for player in self.players for ns in player.starts_ns)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child()
    yield child
    child.close()


def test_frames_that_are_nearly_right_and_strangers_at_the_door_harm_nobody(child: Child) -> None:
    hall, besieger = Hall(child.endpoint, players=3), Besieger(child.endpoint, seed=1)
    knocks = FRAMES // FRAMES_A_KNOCK
    resident_mb: list[float] = []
    calm = time.monotonic() + 12
    while time.monotonic() < calm:
        hall.play(2)
    before = hall.starts_ms()
    while besieger.sent < FRAMES or len(hall.starts_ms()) < len(before) + len(hall.players):
        besieger.fire(BURST)
        if besieger.connected < knocks * besieger.sent // FRAMES:
            besieger.knock()
        hall.play()
        if besieger.sent >= FRAMES * (len(resident_mb) + 1) // 10:
            resident_mb.append(_resident_mb(child.pid))
    besieger.close()
    during = hall.starts_ms()
    logging.getLogger(__name__).info(
        "%d frames, %d connections; MB: %s; first notes, ms: before %s, in all %s; missing: %s",
        besieger.sent, besieger.connected, resident_mb, before, during, hall.dry,
    )  # fmt: skip
    hall.close()

    assert len(during) > len(before)
    assert [player.refused for player in hall.players] == [""] * 3
    assert hall.dry <= MOST_DRY
    # A place takes memory when it is first used: some of the besiegers' requests open sessions.
    assert resident_mb[-1] <= 1.15 * resident_mb[len(resident_mb) // 2]
    assert resident_mb[-1] < MOST_MB


def test_a_client_that_is_stopped_keeps_nobody_waiting(child: Child) -> None:
    greedy = subprocess.Popen([sys.executable, "-c", GREEDY, child.endpoint])
    hall = Hall(child.endpoint, players=3)
    starts_ms: dict[bool, list[float]] = {False: [], True: []}
    try:
        for round_ in range(2 * ROUNDS):
            stopped, before = bool(round_ % 2), [len(p.starts_ns) for p in hall.players]
            greedy.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)
            until = time.monotonic() + ROUND_S
            while time.monotonic() < until:
                hall.play(2)
            for player, n in zip(hall.players, before, strict=True):
                starts_ms[stopped] += [ns / 1e6 for ns in player.starts_ns[n:]]
        assert greedy.poll() is None
    finally:
        greedy.kill()
        greedy.wait()
        hall.close()
    reads, is_stopped = (np.percentile(starts_ms[stopped], (50, 99)) for stopped in (False, True))
    logging.getLogger(__name__).info(
        "first notes, p50 and p99 in ms: %s while it reads (%d), %s while it is stopped (%d)",
        reads, len(starts_ms[False]), is_stopped, len(starts_ms[True]),
    )  # fmt: skip

    assert hall.dry <= MOST_DRY
    assert is_stopped[0] <= 2 * reads[0]


def _resident_mb(pid: int) -> float:
    (kilobytes,) = re.findall(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) / 1024
