"""Engines side by side: each in turn in every round, so that what disturbs one disturbs all.

What is counted is the processor's time for this process, helping threads included: time that other
programs take is not in it, and nobody can hide work on another thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from statistics import median
from typing import TypeVar

Action = Callable[[], object]
Key = TypeVar("Key", bound=Hashable)


def race(
    actions: Mapping[Key, Action], rounds: int, times: int, told: Action = lambda: None
) -> dict[Key, float]:
    """Milliseconds of processor time that each takes once: medians over rounds. Blocks.

    In a round each is done once and then `times` times; the first does not count, since it finds
    the processor's caches full of somebody else's.
    """
    found: dict[Key, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            found[name].append(_ms_each(action, times))
        told()
    return {name: median(values) for name, values in found.items()}


def _ms_each(action: Action, times: int) -> float:
    action()
    began = time.process_time_ns()
    for _ in range(times):
        action()
    return (time.process_time_ns() - began) / times / 1e6
