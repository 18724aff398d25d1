"""The steady line behind pulses that arrive late by chance: their period, and when each was due.

A pulse is not early, only late: by what a sound server's period, a cable and a busy machine add.
So the line lies under the arrivals, as close to them as it can: the edge of their lower convex
hull over the middle (Moon, Skelly and Towsley's estimate of clock skew). Late stragglers do not
move it. Where the newest pulses tell of another tempo, the older ones are forgotten. Pure.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import NamedTuple

WINDOWS = (96, 48, 24, 12, 6)
"""So many of the latest pulses are tried, the most that lie on one line are used."""
PARTS = 4
"""Each part of a window must have a pulse near the line, else it is not straight."""
LATEST = 3
"""So many pulses in a row are not late by chance: the tempo is another."""
STEADY_PULSES, STEADY_SHARE, STEADY_LATE = 48, 12, 0.4
EARLY_NS = 3_000_000
"""So early is no chance: an echo if it is one pulse, another tempo if it is two."""
LEAST_SPREAD_NS = 1_000_000
MOST_SPREAD_NS = 25_000_000
"""Bounds of what chance is believed to add."""


class Line(NamedTuple):
    """Where pulses are due: number `number` at `ns`, the next `period_ns` later."""

    number: int
    ns: int
    period_ns: float

    def at(self, number: int) -> int:
        """When that pulse is due."""
        return self.ns + round((number - self.number) * self.period_ns)


class PulseLine:
    """Keeps the latest pulses and the line under them. At most some 100 µs a pulse. [loop]"""

    def __init__(self, period_ns: float) -> None:
        """`period_ns` is believed until pulses say otherwise."""
        self._points: deque[tuple[int, int]] = deque(maxlen=WINDOWS[0])
        self.line = Line(0, 0, period_ns)
        self._used = 0
        self._early: tuple[int, int] | None = None

    def take(self, number: int, ns: int) -> Line:
        """Pulse number `number`, one more than the one before, arrived at `ns`."""
        before, self._early = self._early, None
        if self._used >= WINDOWS[-1] and self.line.at(number) - ns > EARLY_NS:
            if before is None:
                self._early = (number, ns)
                return self.line
            self._points.append(before)
        self._points.append((number, ns))
        if len(self._points) < WINDOWS[-1]:
            self.line = _under(self._points, self.line.period_ns)
            self._used = len(self._points)
            return self.line
        points = list(self._points)
        for size in WINDOWS:
            if size < 2 * len(points):
                latest = points[-size:]
                line = edge(latest)
                if _straight(latest, line):
                    break
        self.line, self._used = Line(number, line.at(number), line.period_ns), len(latest)
        return self.line

    @property
    def steady(self) -> bool:
        """Whether of two beats and more hardly a pulse came late by a good part of a period."""
        used = list(self._points)[-self._used :]
        late_ns = STEADY_LATE * self.line.period_ns
        stragglers = sum(ns - self.line.at(number) > late_ns for number, ns in used)
        return len(used) >= STEADY_PULSES and stragglers * STEADY_SHARE <= len(used)

    def renumber(self, by: int, since: int) -> None:
        """Pulses from `since` on were `by` further than was thought; the others are forgotten."""
        points = [(number + by, ns) for number, ns in self._points if number >= since]
        self._points.clear()
        self._points.extend(points)
        self._early = None
        self.line = self.line._replace(number=self.line.number + by)

    def begin_anew(self, number: int, ns: int) -> Line:
        """The pulses broke off: `number` at `ns` is the first again, at the tempo of before."""
        self._points.clear()
        self._used = 0
        return self.take(number, ns)


def _under(points: deque[tuple[int, int]], period_ns: float) -> Line:
    """The line of a known period under all points."""
    number = points[-1][0]
    return Line(number, min(round(ns + (number - i) * period_ns) for i, ns in points), period_ns)


def edge(points: list[tuple[int, int]]) -> Line:
    """The edge of the lower convex hull over the middle of the points."""
    hull: list[tuple[int, int]] = []
    for point in points:
        while len(hull) > 1 and _turns_right(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    middle = (points[0][0] + points[-1][0]) / 2
    at = next(at for at in range(1, len(hull)) if hull[at][0] >= middle)
    (left, left_ns), (right, right_ns) = hull[at - 1], hull[at]
    return Line(left, left_ns, (right_ns - left_ns) / (right - left))


def _turns_right(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])


def _straight(points: list[tuple[int, int]], line: Line) -> bool:
    tolerance = _spread(points)
    size = len(points) // PARTS
    parts = [points[at * size : (at + 1) * size] for at in range(PARTS)]
    return all(
        min(ns - line.at(number) for number, ns in part) <= tolerance
        for part in (points[-LATEST:], *parts)
    )


def _spread(points: list[tuple[int, int]]) -> float:
    gaps = [b[1] - a[1] for a, b in pairwise(points)]
    return min(max(max(gaps) - min(gaps), LEAST_SPREAD_NS), MOST_SPREAD_NS)
