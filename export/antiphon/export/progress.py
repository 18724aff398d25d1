"""How far a long work is, and how long it will take: one line, written anew.

On a terminal the line is rewritten; elsewhere a new one comes every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 0.2
EVERY_IN_A_LOG_S = 5.0


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
        time_left = left(now - self._began, self.done, self.total - self.done)
        self._write(f"{self.what}: {self.done} of {self.total}, {time_left} left")

    def end(self) -> None:
        """Clear the line."""
        if self._terminal:
            self._write("")
            self._stream.write("\r")

    def _write(self, line: str) -> None:
        self._stream.write(f"\r{line:<60}" if self._terminal else f"{line}\n")
        self._stream.flush()


def left(seconds: float, done: float, to_do: float) -> str:
    """How long what is to do will take, by the clock, if what is done took so many seconds."""
    return duration(seconds / done * to_do)


def duration(seconds: float) -> str:
    """As a person says it: 12 s, 3 min, 2 h 5 min."""
    if seconds < 60:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
