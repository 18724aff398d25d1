"""A wall clock that somebody moves by an hour, there and back, four times a second.

Python imports this by itself in every process that has this folder in PYTHONPATH.
"""

from __future__ import annotations

import datetime
import time

HOUR_NS = 3600 * 10**9
_real_ns, _real_gettime_ns = time.time_ns, time.clock_gettime_ns


def moved_ns() -> int:
    """Wall clock, which never is what it should be: an hour or two ahead, in turn."""
    turn = time.monotonic_ns() // (10**9 // 4) % 2
    return _real_ns() + (1 + turn) * HOUR_NS


class MovedDatetime(datetime.datetime):
    """Reads that clock."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> MovedDatetime:
        """What it says."""
        return cls.fromtimestamp(moved_ns() / 1e9, tz)


def _gettime_ns(clock: int) -> int:
    return moved_ns() if clock == time.CLOCK_REALTIME else _real_gettime_ns(clock)


time.time_ns = moved_ns
time.time = lambda: moved_ns() / 1e9
time.clock_gettime_ns = _gettime_ns
time.clock_gettime = lambda clock: _gettime_ns(clock) / 1e9
datetime.datetime = MovedDatetime  # type: ignore[misc]
