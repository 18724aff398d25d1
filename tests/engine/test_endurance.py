"""Hours of play: an answer comes as soon at the end as at the start, and memory does not grow.

A manual clock, the bundle that ships. `PLAYED_MINUTES=180` plays for three hours of music, and
`--log-cli-level=INFO` tells what was measured.
"""

from __future__ import annotations

import gc
import itertools
import logging
import os
import random
import time
from statistics import median
from typing import NamedTuple

import pytest

from antiphon.engine.desk import Desk
from antiphon.engine.notes import Event, Note, events_of
from antiphon.engine.protocol import Answer, Done, Heard, Listen, Notes, Open, Reply, Rewind
from bundles import shipped_model
from resident import resident_mb

pytestmark = pytest.mark.real

MINUTES = int(os.environ.get("PLAYED_MINUTES", "20"))
BPM = 120
TURN = 32 * 48
"""Ticks of a phrase and its answer, half of it each: sixteen seconds."""
TURNS = MINUTES * BPM * 48 // TURN


class Turn(NamedTuple):
    """What one question cost."""

    steps: int
    """Of work from the question to the first note."""
    cpu_ns: int
    resident_mb: float


class Evening:
    """A player who plays phrases of his own, listens, and at times takes an answer back."""

    def __init__(self) -> None:
        clock = itertools.count(step=1_000_000)
        self.desk = Desk(shipped_model(), "shipped", lambda: next(clock))
        self.rng = random.Random(5)
        self.desk.handle(b"", Open(1, bpm=BPM, metre=(4, 4)))

    def turn(self, number: int) -> Turn:
        begin = number * TURN
        for event in self._phrase(begin):
            self.desk.handle(b"", Listen(1, (event,)))
            self._work(3)
        self._work()
        turn = self._ask(number, begin + TURN // 2, begin + TURN)
        if self.rng.random() < 0.2:
            self.desk.handle(b"", Rewind(1, begin + 3 * TURN // 4))
        return turn

    def _phrase(self, begin: int) -> list[Event]:
        root, notes = 45 + _key_at(begin), []
        for at in range(begin, begin + TURN // 2, 24):
            chord = self.rng.choice([(0,), (0, 4), (0, 4, 7), (12,), (7, 12)])
            rise = self.rng.choice([0, 2, 4, 5, 7, 9])
            notes += [Note(at, 0, root + rise + step, 22, 70) for step in chord]
        return list(events_of(notes))

    def _ask(self, number: int, start: int, until: int) -> Turn:
        self.desk.handle(b"", Answer(1, number, start=start, until=until, prompt=True))
        steps, began = 0, time.thread_time_ns()
        while not any(isinstance(reply, Notes | Done) for reply in self._step()):
            steps += 1
        cpu_ns = time.thread_time_ns() - began
        self.desk.handle(b"", Heard(1, until, TURN))
        self._work()
        return Turn(steps, cpu_ns, resident_mb())

    def _step(self) -> list[Reply]:
        return [reply for _, reply in self.desk.turn()]

    def _work(self, most: int = 1_000_000) -> None:
        while most and self.desk.busy:
            self.desk.turn()
            most -= 1


def test_an_evening_ends_as_quick_and_as_lean_as_it_began() -> None:
    evening = Evening()
    turns = [evening.turn(number) for number in range(TURNS)]
    gc.collect()
    tenth = max(8, TURNS // 10)
    # What comes before is the first filling of the place, its tape and its neighbour.
    warm = max(tenth, 40)
    first, last = turns[warm : warm + tenth], turns[-tenth:]
    steps = [median(turn.steps for turn in some) for some in (first, last)]
    cpu_ms = [median(turn.cpu_ns for turn in some) / 1e6 for some in (first, last)]
    resident = [median(turn.resident_mb for turn in some) for some in (first, last)]
    slowest = [max(turn.steps for turn in some) for some in (first, turns[warm:])]
    logging.getLogger(__name__).info(
        "%d answers in %d minutes of music; at the start and at the end: steps to the first note "
        "%s, ms %s, resident MB %s; slowest of the start and of all: %s steps",
        TURNS, MINUTES, steps, cpu_ms, resident, slowest,
    )  # fmt: skip

    assert steps[1] <= 1.1 * steps[0]
    assert resident[1] <= 1.1 * resident[0]
    assert slowest[1] <= 2 * slowest[0]


def _key_at(tick: int) -> int:
    """Another key every four turns."""
    return (tick // (4 * TURN) * 5) % 12
