"""How far a long work is, and how long it will take: one line, written anew.

On a terminal the line is rewritten; elsewhere a new one comes every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 0.2
EVERY_IN_A_LOG_S = 5.0
FEWEST = 100
"""Of many things, so many are done before a time is said: the first take longer to begin with."""
LATELY_S = 180.0
FEWEST_LATELY = 4
"""Seconds, and steps at the least, that time left is told by."""


class Progress:
    """Counts things done, out of `total`, and tells it on `stream`."""

    def __init__(
        self, what: str, total: int, stream: TextIO, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.what, self.total, self.done = what, total, 0
        self._stream, self._clock = stream, clock
        self._terminal = stream.isatty()
        self._began = self._told = clock()

    def step(self) -> None:
        """One more is done."""
        self.done += 1
        now = self._clock()
        if now - self._told < (EVERY_S if self._terminal else EVERY_IN_A_LOG_S):
            return
        self._told = now
        self._write(f"{self.what}: {self.done} of {self.total}{self._left(now)}")

    def end(self) -> None:
        """Clear the line."""
        if self._terminal:
            self._write("")
            self._stream.write("\r")

    def _left(self, now: float) -> str:
        if self.done < min(FEWEST, self.total // 10):
            return ""
        return f", {left(now - self._began, self.done, self.total - self.done)} left"

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line:<60}" if self._terminal else f"{line}\n")
        self._stream.flush()


class Pace:
    """How long a work will take, by how it went in the last minutes."""

    def __init__(self, now: float, share: float) -> None:
        """`now` is in seconds, `share` is done of the whole, 0 to 1."""
        self._marks = [(now, share)]

    def left(self, now: float, share: float) -> str:
        """`  12 min left` after a step; empty while too few are done to say."""
        self._marks.append((now, share))
        while len(self._marks) > FEWEST_LATELY + 1 and now - self._marks[1][0] >= LATELY_S:
            del self._marks[0]
        if len(self._marks) <= FEWEST_LATELY:
            return ""
        before, had = self._marks[0]
        return f"  {left(now - before, share - had, 1 - share)} left" if share > had else ""


def thousands(count: float) -> str:
    """A large count as a person says it: 12 thousand, 3.4 million."""
    return f"{count / 1e3:.0f} thousand" if count < 999_500 else f"{count / 1e6:.1f} million"


def left(seconds: float, done: float, to_do: float) -> str:
    """How long what is to do will take, by the clock, if what is done took so many seconds."""
    return duration(seconds / done * to_do)


def duration(seconds: float) -> str:
    """As a person says it: 12 s, 3 min, 2 h 5 min."""
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
