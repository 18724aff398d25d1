"""A function done to many things side by side, in processes that may die of it.

Reading foreign files runs foreign C++: what kills a process must cost one file, not the whole run.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

Thing = TypeVar("Thing")
Result = TypeVar("Result")

PORTION = 16
"""Things handed to a process at once."""


def each(function: Callable[[Thing], Result], things: Sequence[Thing]) -> Iterator[Result | None]:
    """The results in order; None where the process died. Closing it early ends the processes."""
    done = 0
    while done < len(things):
        pool = _pool(min(os.cpu_count() or 1, len(things) // PORTION + 1))
        try:
            with _no_ctrl_c():
                results = pool.map(function, things[done:], chunksize=PORTION)
            for result in results:
                done += 1
                yield result
        except BrokenProcessPool:
            # Some portion that was being worked on holds the culprit; the next may be it.
            for thing in things[done : done + PORTION]:
                done += 1
                yield _alone(function, thing)
        finally:
            pool.shutdown(cancel_futures=True)


def _alone(function: Callable[[Thing], Result], thing: Thing) -> Result | None:
    with _pool(1) as pool:
        try:
            with _no_ctrl_c():
                result = pool.submit(function, thing)
            return result.result()
        except BrokenProcessPool:
            return None


def _pool(size: int) -> ProcessPoolExecutor:
    # Spawned: a fork of a process with threads may hang.
    return ProcessPoolExecutor(size, get_context("spawn"))


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """What is started here never hears of Ctrl-C: that is for the one who waits; he hears later."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
