"""An engine under siege: it lives, who plays hears every note in time, and its memory stays.

`SIEGE_FRAMES=1000000` sends a million frames, and knocks ten thousand times;
`--log-cli-level=INFO` tells what was measured.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from antiphon.engine.protocol import Close
from antiphon.export.bench.child import Child
from antiphon.export.bench.player import Player
from antiphon.export.bench.wire import Wire, wait
from siege import Besieger

pytestmark = pytest.mark.real

FRAMES = int(os.environ.get("SIEGE_FRAMES", "20000"))
FRAMES_A_KNOCK = 100
BURST = 20
NOTES_A_SECOND = 16


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
    while besieger.sent < FRAMES:
        besieger.fire(BURST)
        if besieger.connected < knocks * besieger.sent // FRAMES:
            besieger.knock()
        hall.play()
        if besieger.sent >= FRAMES * (len(resident_mb) + 1) // 10:
            resident_mb.append(_resident_mb(child.pid))
    besieger.close()
    during = hall.starts_ms()
    logging.getLogger(__name__).info(
        "%d frames, %d connections; MB: %s; first notes, ms: before %s, in all %s",
        besieger.sent, besieger.connected, resident_mb, before, during,
    )  # fmt: skip
    hall.close()

    assert len(during) > len(before)
    assert [player.refused for player in hall.players] == [""] * 3
    assert sum(player.dry for player in hall.players) == 0
    assert resident_mb[-1] <= 1.1 * resident_mb[1]


def _resident_mb(pid: int) -> float:
    (kilobytes,) = re.findall(r"VmRSS:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) / 1024
