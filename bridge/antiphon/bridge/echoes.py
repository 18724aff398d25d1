"""Where the latest tones were heard before, and what silence followed them there.

Strophes repeat: at the end of a line that came before, what was done then is the best guess. A
place is as good as the run of tones before it that agree, in steps and rhythm or in rhythm alone.
"""

from __future__ import annotations

from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LIKE_GAP = 0.4
"""Gaps between onsets that differ by less, in octaves of time, are alike."""
LIKE_LENGTH = 1.42
"""Tones are alike if neither is so many times as long as the other."""
ROOM = 320
"""Tones that can be remembered."""
LONGEST_RUN = 12
SHORTEST_RUN = 2
UNLIKE = 0.1
"""What a place counts whose tone is not as long as ours."""
LONG = 1.4
MOST_REST = 6.0


class Echo(NamedTuple):
    """What followed in earlier places, each counting twice as much for each tone of its run."""

    rest: float
    """Mean rest in usual gaps, -1 if there is no such place."""
    long: float
    """Share of rests that were long, -1 if there is no such place."""
    run: int
    """Tones that agree, at the best place."""


class Echoes:
    """The tones so far, each beside those before it. [loop]"""

    def __init__(self) -> None:
        self._steps, self._paces, self._lengths, self._rests = np.zeros((4, ROOM))
        self._rhythm, self._melody = np.zeros((2, 0), np.int64)
        self._count = 0
        """Tones before the newest."""

    def strike(self, step: int, pace: float) -> None:
        """A tone begins, so many semitones and usual gaps after the one before."""
        logs = log2(max(pace, 0.05))
        alike = np.abs(self._paces[: self._count] - logs) < LIKE_GAP
        self._rhythm = _longer(self._rhythm, alike)
        self._melody = _longer(self._melody, alike & (self._steps[: self._count] == step))
        self._steps[self._count], self._paces[self._count] = step, logs

    def rest(self, length: float, rest: float) -> None:
        """The tone lasted so many seconds, and the rest after it so many usual gaps."""
        self._lengths[self._count] = max(length, 0.03)
        self._rests[self._count] = min(max(rest, 0.0), MOST_REST)
        self._count += 1

    def forget(self, tones: int) -> None:
        """Drop the earliest tones."""
        for table in (self._steps, self._paces, self._lengths, self._rests):
            table[:-tones] = table[tones:].copy()
        self._rhythm, self._melody = self._rhythm[tones:], self._melody[tones:]
        self._count -= tones

    def of_melody(self, length: float) -> Echo:
        """Places where the same steps led in the same rhythm; the last tone is `length` seconds."""
        return self._echo(self._melody, length)

    def of_rhythm(self, length: float) -> Echo:
        """Places that the same rhythm led to."""
        return self._echo(self._rhythm, length)

    def _echo(self, runs: NDArray[np.int64], length: float) -> Echo:
        there = np.flatnonzero(runs >= SHORTEST_RUN)
        if not len(there):
            return Echo(-1.0, -1.0, 0)
        times = np.abs(np.log(self._lengths[there] / max(length, 0.03)))
        weights = 2.0 ** runs[there] * np.where(times > np.log(LIKE_LENGTH), UNLIKE, 1.0)
        rests = self._rests[there]
        share = weights / weights.sum()
        return Echo(float(share @ rests), float(share @ (rests > LONG)), int(runs[there].max()))


def _longer(runs: NDArray[np.int64], alike: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each earlier tone, how many tones up to it agree with as many up to the newest."""
    longer = np.ones(len(alike), np.int64)
    longer[1:] += runs[: max(len(alike) - 1, 0)]
    np.minimum(longer, LONGEST_RUN, out=longer)
    return longer * alike
