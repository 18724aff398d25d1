"""When the machine itself stood still: a virtual one is put aside by its host every now and then.

`standstill.py CORE` looks at the clock every half a millisecond, before anybody else on that core,
and prints from when to when it was kept from doing so: nobody else could have done anything either.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from antiphon.bridge.clock import SystemClock

STEP_NS = 500_000
LATE_NS = 300_000
"""Less is the way from sleep to work."""
Span = tuple[int, int]


@dataclass(slots=True)
class Machine:
    """What is known once the watch is over."""

    still: list[Span] = field(default_factory=list)
    """Monotonic nanoseconds from and until, in order and apart, in which a core stood still."""

    def still_ns(self, from_ns: int, until_ns: int) -> int:
        """How much of a time it stood still."""
        spans = ((max(from_ns, a), min(until_ns, b)) for a, b in self.still)
        return sum(b - a for a, b in spans if b > a)

    def took_ns(self, from_ns: int, until_ns: int) -> int:
        """How long something took, but for the time in which nobody could do anything."""
        return until_ns - from_ns - self.still_ns(from_ns, until_ns)


@contextmanager
def watched() -> Iterator[Machine]:
    """Watch all cores meanwhile. Where real time is not granted it never seems to stand still."""
    machine, command = Machine(), [sys.executable, __file__]
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryFile("w+") as told:
        watchmen = [subprocess.Popen([*command, str(core)], stdout=told) for core in cores]
        try:
            yield machine
        finally:
            for watchman in watchmen:
                watchman.terminate()
                watchman.wait()
            told.seek(0)
            machine.still = merged([(int(a), int(b)) for a, b in map(str.split, told)])


def merged(spans: list[Span]) -> list[Span]:
    """The same times, in order and apart."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and begin <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((begin, end))
    return result


def _watch(core: int) -> None:
    clock = SystemClock()
    os.sched_setaffinity(0, {core})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))
    seen_ns = clock.now_ns()
    while True:
        clock.doze_until(seen_ns + STEP_NS)
        now_ns = clock.now_ns()
        if now_ns - seen_ns > STEP_NS + LATE_NS:
            os.write(1, b"%d %d\n" % (seen_ns, now_ns))  # one write, one line, whoever else writes
        seen_ns = now_ns


if __name__ == "__main__":
    with suppress(PermissionError):
        _watch(int(sys.argv[1]))
