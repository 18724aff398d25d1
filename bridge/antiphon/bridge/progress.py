"""How far long work has come and how long it will still take, said now and then. Pure."""

from __future__ import annotations

from collections.abc import Callable

EVERY_NS = 2_000_000_000
"""How often something is said; work that is done sooner says nothing."""


class Progress:
    """Work from `start` to `end`, in whatever it is counted in.

    progress.reached(at)     says "40 %, 3 s left" through `tell` if it is time to
    """

    def __init__(
        self, start: int, end: int, tell: Callable[[str], None], now_ns: Callable[[], int]
    ) -> None:
        self._start, self._end = start, max(end, start + 1)
        self._tell, self._now_ns = tell, now_ns
        self._began_ns = self._told_ns = now_ns()

    def reached(self, at: int) -> None:
        """The work has come to a point."""
        now_ns = self._now_ns()
        done = at - self._start
        if now_ns - self._told_ns < EVERY_NS or done <= 0:
            return
        self._told_ns = now_ns
        whole = self._end - self._start
        left_s = (now_ns - self._began_ns) * max(whole - done, 0) / done / 1e9
        self._tell(f"{min(done / whole, 1):.0%}, {left_s:.0f} s left")
