"""Where in the bar things may begin: the grid of beats and bars, in ticks.

Pure: it knows a metre and where a bar began, and nothing of the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from antiphon.engine.notes import TICKS_PER_BEAT

COMMON_TIME = (4, 4)


class Grid(Enum):
    """On what an answer begins."""

    FREE = "free"
    """As soon as can be."""
    BEAT = "beat"
    """On a beat, as the metre counts them."""
    BAR = "bar"
    """On the one."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one metre, counted from a tick that begins one."""

    metre: tuple[int, int] = COMMON_TIME
    """Beats in a bar (at least 1) and their note value (1, 2, 4, 8 or 16), else ValueError."""
    origin: int = 0
    """A tick at which a bar begins."""

    def __post_init__(self) -> None:
        beats, value = self.metre
        if beats < 1 or value not in (1, 2, 4, 8, 16):
            raise ValueError(f"there are no bars of {beats}/{value}")

    @property
    def beat_ticks(self) -> int:
        """Length of one of the metre's beats: 24 in 6/8."""
        return 4 * TICKS_PER_BEAT // self.metre[1]

    @property
    def bar_ticks(self) -> int:
        """Length of a bar."""
        return self.beat_ticks * self.metre[0]

    def step(self, grid: Grid) -> int:
        """Ticks between two lines of the grid."""
        return {Grid.FREE: 1, Grid.BEAT: self.beat_ticks, Grid.BAR: self.bar_ticks}[grid]

    def line_at_or_after(self, tick: int, grid: Grid) -> int:
        """The first line of the grid that is not before `tick`."""
        return tick + (self.origin - tick) % self.step(grid)

    def beat_of(self, tick: int) -> tuple[int, int]:
        """(bar, beat) that `tick` lies in, both from 0; bars before the origin are negative."""
        bar, ticks = divmod(tick - self.origin, self.bar_ticks)
        return bar, ticks // self.beat_ticks


def put_off(start: int, soonest: int, step: int) -> int:
    """Ticks by which an answer due at `start` is too late to begin before `soonest`, in whole
    steps of the grid: 0 if it is in time.
    """
    return max(0, -(-(soonest - start) // step)) * step
