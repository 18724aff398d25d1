"""Clocks: the machine's, and one that moves by hand. The only module that knows `time`.

All times are monotonic nanoseconds; the wall clock never schedules anything.
"""

from __future__ import annotations

import time
from typing import Protocol

_SPIN_NS = 300_000
_NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What anything that waits is given."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds. [any thread]"""

    def sleep_until(self, ns: int) -> None:
        """Return at `ns` or at once if that is past. [loop] [may block]"""


class SystemClock:
    """The machine's monotonic clock."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds. [any thread]"""
        return time.monotonic_ns()

    def doze_until(self, ns: int) -> None:
        """Sleep without the spin, for when nothing is due: late by some tenths of a ms. [loop]"""
        rest = ns - time.monotonic_ns()
        if rest > 0:
            time.sleep(rest / _NS_PER_S)

    def sleep_until(self, ns: int) -> None:
        """Sleep, then spin for at most the last 0.3 ms. [loop] [may block]"""
        rest = ns - time.monotonic_ns() - _SPIN_NS
        if rest > 0:
            time.sleep(rest / _NS_PER_S)
        while time.monotonic_ns() < ns:
            pass


class ManualClock:
    """A clock that stands still until told: for tests and for bouncing faster than life."""

    def __init__(self, now_ns: int = 0) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        """The nanoseconds it was last moved to. [any thread]"""
        return self._now_ns

    def advance(self, ns: int) -> None:
        """Move on by `ns` >= 0 nanoseconds, else ValueError."""
        if ns < 0:
            raise ValueError(f"a clock cannot go back by {-ns} ns")
        self._now_ns += ns

    def sleep_until(self, ns: int) -> None:
        """Jump to `ns`, never back. [loop]"""
        self._now_ns = max(self._now_ns, ns)
