"""Engines side by side: each in turn in every round, so that what disturbs one disturbs all.

What counts is processor time of the thread that asks: time that other programs take is not in it.
Whoever has work done on other threads is found out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from statistics import median
from typing import NamedTuple, TypeVar

from antiphon.engine.errors import InternalError

Action = Callable[[], object]
Key = TypeVar("Key", bound=Hashable)

ELSEWHERE, ELSEWHERE_MS = 0.1, 1.0
"""How long other threads may work meanwhile, as a part of the time and beyond it."""


class Lap(NamedTuple):
    """What is done in each round."""

    ready: Action
    """First, and not timed: also that the processor's caches are not full of somebody else's."""
    go: Action


def race(laps: Mapping[Key, Lap], rounds: int, told: Action = lambda: None) -> dict[Key, float]:
    """Milliseconds of processor time that each `go` takes: medians over rounds. Blocks.

    `told` is called after each round. InternalError if somebody works on other threads too.
    """
    found: dict[Key, list[tuple[float, float]]] = {name: [] for name in laps}
    for _ in range(rounds):
        for name, lap in laps.items():
            found[name].append(_timed(lap))
        told()
    for name, times in found.items():
        here, everywhere = (median(column) for column in zip(*times, strict=True))
        if everywhere > (1 + ELSEWHERE) * here + ELSEWHERE_MS:
            raise InternalError(f"{name} works on other threads: {everywhere:.1f}, not {here:.1f}.")
    return {name: median(here for here, _ in times) for name, times in found.items()}


def _timed(lap: Lap) -> tuple[float, float]:
    """Milliseconds on this thread, and on all."""
    lap.ready()
    everywhere, here = time.process_time_ns(), time.thread_time_ns()
    lap.go()
    here, everywhere = time.thread_time_ns() - here, time.process_time_ns() - everywhere
    return here / 1e6, everywhere / 1e6
