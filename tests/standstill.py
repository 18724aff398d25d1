"""When the machine itself stood still: a virtual one is put aside by its host every now and then.

`standstill.py CORE PARENT` looks at the clock every half a millisecond, before anybody else on that
core; when it is ended it prints from when to when it was kept from doing so. Nobody else could have
done anything on that core either.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from antiphon.bridge.clock import SystemClock

STEP_NS = 500_000
LATE_NS = 150_000
"""Waking up takes up to this long; less is not counted."""
MOST = 0.5
"""A machine that stands still for more than this share of the time is no measure of anything."""
QUIET = 0.03
"""How much disturbance there may be where a millisecond is asked for: 3 % of the time, and 30 ms on
end.
"""
TRIES = 6
Span = tuple[int, int]
Seen = TypeVar("Seen")


@dataclass(slots=True)
class Machine:
    """What is known once the watch is over."""

    watched: bool = False
    """Whether anybody was allowed to look; else it never seems to stand still."""
    begin_ns: int = 0
    end_ns: int = 0
    still: list[Span] = field(default_factory=list)
    """Monotonic nanoseconds from and until, in order and apart, in which any core stood still."""

    @property
    def share(self) -> float:
        """Of the time that was watched, how much it stood still, 0..1."""
        return self.still_ns(self.begin_ns, self.end_ns) / (self.end_ns - self.begin_ns)

    def still_ns(self, from_ns: int, until_ns: int) -> int:
        """How much of a time it stood still."""
        return sum(self._stretches(from_ns, until_ns))

    def disturbance(self, from_ns: int, until_ns: int) -> float:
        """How much of a time it stood still, 0..1, or the seconds for which it did on end, if they
        are more: after a long stretch everybody has to catch up.
        """
        stretches = self._stretches(from_ns, until_ns)
        return max(sum(stretches) / (until_ns - from_ns), max(stretches, default=0) / 1e9)

    def took_ns(self, from_ns: int, until_ns: int) -> int:
        """How long something took, but for the time in which it may have been kept from it.

        AssertionError if the machine stood still so long that nothing can be told.
        """
        assert self.share <= MOST, f"the machine stood still for {self.share:.0%} of the time"
        return until_ns - from_ns - self.still_ns(from_ns, until_ns)

    def _stretches(self, from_ns: int, until_ns: int) -> list[int]:
        spans = ((max(from_ns, a), min(until_ns, b)) for a, b in self.still)
        return [b - a for a, b in spans if b > a]


@contextmanager
def watched() -> Iterator[Machine]:
    """Watch all cores meanwhile."""
    machine, clock = Machine(), SystemClock()
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    command, parent = [sys.executable, __file__], str(os.getpid())
    watchmen = [
        subprocess.Popen(
            [*command, str(core), parent],
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl-C is not for them
        )
        for core in cores
    ]
    began = [watchman.stdout.readline() for watchman in watchmen if watchman.stdout]
    machine.watched = bool(began) and all(began)
    machine.begin_ns = clock.now_ns()
    try:
        yield machine
    finally:
        machine.end_ns = clock.now_ns()
        machine.still = merged([span for watchman in watchmen for span in _told(watchman)])


def undisturbed(play: Callable[[], Seen], disturbed: Callable[[Seen], float]) -> Seen:
    """What was seen of a play that nothing outside disturbed; of some, of the least disturbed one.

    `disturbed` tells the machine's disturbance meanwhile, and more where something else that the
    play stands on was not there. How well it went besides has no say.
    """
    seen: list[Seen] = []
    while len(seen) < TRIES:
        seen.append(play())
        if disturbed(seen[-1]) <= QUIET:
            return seen[-1]
    return min(seen, key=disturbed)


def merged(spans: list[Span]) -> list[Span]:
    """The same times, in order and apart."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and begin <= result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((begin, end))
    return result


def _told(watchman: subprocess.Popen[str]) -> list[Span]:
    watchman.terminate()
    told, _ = watchman.communicate()
    return [(begin, end) for begin, end in json.loads(told or "[]")]


def _come_first(core: int) -> None:
    """Raises PermissionError where real time is not granted."""
    os.sched_setaffinity(0, {core})
    granted = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    most = os.sched_get_priority_max(os.SCHED_FIFO)
    all_ = os.geteuid() == 0 or granted == resource.RLIM_INFINITY
    priority = most if all_ else min(max(granted, 1), most)
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))


def _watch(parent: int) -> list[Span]:
    """What was seen until somebody ended this process, or the one it watches for."""
    clock, spans = SystemClock(), []
    over = [False]
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    sys.stdout.write("watching\n")
    sys.stdout.flush()
    seen_ns = clock.now_ns()
    while not over[-1] and os.getppid() == parent:
        clock.doze_until(seen_ns + STEP_NS)
        now_ns = clock.now_ns()
        if now_ns - seen_ns > STEP_NS + LATE_NS:
            spans.append((seen_ns + STEP_NS, now_ns))
        seen_ns = now_ns
    return spans


if __name__ == "__main__":
    try:
        _come_first(int(sys.argv[1]))
    except PermissionError:
        sys.exit()
    json.dump(_watch(int(sys.argv[2])), sys.stdout)
