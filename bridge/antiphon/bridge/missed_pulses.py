"""How many pulses of a clock were lost on the way, or came twice, told by what follows: all of it
comes late or early by just so many periods, and stays so. A tempo that changes drifts; stragglers
catch up. Pure.
"""

from __future__ import annotations

from collections import deque

from .pulse_line import Line, PulseLine

SEEN = 12
"""Pulses it takes to be sure."""
GIVES_UP = 96
"""After so many it is something else."""
SUSPECT = 0.6
LEVEL = 0.25
WHOLE = 0.3
"""Parts of a period: later than that is suspect, it must stay so level, and so near whole ones."""


class MissedPulses:
    """Watches the pulses against the line they were on. [loop]"""

    def __init__(self) -> None:
        self._before: Line | None = None
        self._late: deque[float] = deque(maxlen=SEEN)
        self._watched = 0

    def missed(self, pulses: PulseLine, number: int, ns: int) -> int:
        """Pulses that must have been lost before `number`, which came at `ns`; mostly 0.
        Less than 0 are pulses too many.

        `pulses` has not heard of it so far. Where many come late by chance, nobody can tell.
        """
        if self._before is None:
            line = pulses.line
            if abs(ns - line.at(number)) < SUSPECT * line.period_ns:
                return 0
            if not pulses.steady:
                return 0
            self._before = line
        before = self._before
        self._late.append((ns - before.at(number)) / before.period_ns)
        self._watched += 1
        if abs(self._late[-1]) < SUSPECT or self._watched > GIVES_UP:
            self.forget()
            return 0
        if len(self._late) < SEEN:
            return 0
        late = list(self._late)
        first, then = min(late[: SEEN // 2]), min(late[SEEN // 2 :])
        count = _level(first, then)
        if count or abs(then) > abs(first) + LEVEL:
            self.forget()
        return count

    def forget(self) -> None:
        """Begin anew: nothing is suspect."""
        self._before, self._watched = None, 0
        self._late.clear()


def _level(first: float, then: float) -> int:
    """The whole periods that pulses were late by, at first and then; 0 if they were not."""
    level = abs(first - then) < LEVEL and abs(then - round(then)) < WHOLE
    return round(then) if level else 0
