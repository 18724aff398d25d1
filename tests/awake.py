"""Cores that do not fall asleep: a virtual one that does is woken late by its host.

Where others want the host too, idle cores stood still for 5 to 10 % of the time, those that were
kept awake for 0.5 %. Whoever has anything to do goes first; throughput suffers by some 3 %.

`awake.py CORE PARENT` keeps one core awake as long as that process lives.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def awake() -> Iterator[None]:
    """Keep all cores awake meanwhile, where the system knows who is to come last."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "SCHED_IDLE") else []
    command = [sys.executable, __file__]
    parent = str(os.getpid())
    keepers = [
        subprocess.Popen([*command, str(core), parent], process_group=0)  # Ctrl-C is not for them
        for core in cores
    ]
    try:
        yield
    finally:
        for keeper in keepers:
            keeper.kill()
            keeper.wait()


def _keep(core: int, parent: int) -> None:
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while os.getppid() == parent:
        for _ in range(1_000_000):
            pass


if __name__ == "__main__":
    _keep(int(sys.argv[1]), int(sys.argv[2]))
