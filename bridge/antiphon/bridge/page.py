"""Where things are on the picture of a piece: rows, lanes and times as pixels. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note

WIDTH = 1600
"""Pixels across."""
MAX_ROWS = 6
"""A long piece wraps onto at most this many rows of equal duration."""
LEFT, RIGHT = 74, 34
"""Pixels beside the lanes."""
DRUM_LANE = 6
"""Height in pixels of one drum's lane."""

_BEATS_A_ROW = 32
_TOP, _BOTTOM = 80, 12
_ABOVE, _BELOW = 36, 34
_FEWEST_PITCHES = 25


@dataclass(frozen=True, slots=True)
class Page:
    """Where things are, in pixels."""

    tempo_bpm: float
    metre: tuple[int, int]
    ticks: int
    bar: int
    rows: int
    row_ticks: int
    low: int
    high: int
    lane: int
    drums: tuple[int, ...]

    @classmethod
    def of(
        cls, tracks: Mapping[str, Sequence[Note]], tempo_bpm: float, metre: tuple[int, int]
    ) -> Page:
        """The page that holds these parts, from tick 0 on, in whole bars."""
        notes = [note for part in tracks.values() for note in part]
        bar = max(1, TICKS_PER_BEAT * 4 * metre[0] // metre[1])
        ticks = max((note.end for note in notes), default=bar)
        bars = ceil(ticks / bar)
        rows = min(MAX_ROWS, bars, ceil(bars * bar / TICKS_PER_BEAT / _BEATS_A_ROW))
        per_row = ceil(bars / rows)
        rows = ceil(bars / per_row)
        low, high = _range([note.pitch for note in notes if note.instrument != DRUMS])
        lane = 11 if rows == 1 else 7 if rows <= 3 else 5
        drums = tuple(sorted({note.pitch for note in notes if note.instrument == DRUMS}))
        return cls(tempo_bpm, metre, ticks, bar, rows, per_row * bar, low, high, lane, drums)

    @property
    def lanes_height(self) -> int:
        """Height of the pitch lanes of a row."""
        return (self.high - self.low + 1) * self.lane

    @property
    def strip_height(self) -> int:
        """Height of the drums below them, 0 without drums."""
        return len(self.drums) * DRUM_LANE + 12 if self.drums else 0

    @property
    def row_height(self) -> int:
        """Height of a row with what is written above and below it."""
        return _ABOVE + self.lanes_height + self.strip_height + _BELOW

    @property
    def height(self) -> int:
        """Height of the whole picture."""
        return _TOP + self.rows * self.row_height + _BOTTOM

    @property
    def pixels_per_tick(self) -> float:
        """Width of a tick."""
        return (WIDTH - LEFT - RIGHT) / self.row_ticks

    def top(self, row: int) -> int:
        """Upper edge of a row's lanes."""
        return _TOP + row * self.row_height + _ABOVE

    def foot(self, row: int) -> int:
        """Lower edge of a row's lanes and drums."""
        return self.top(row) + self.lanes_height + self.strip_height

    def x(self, tick: float, row: int) -> float:
        """Where a tick is on a row; beyond its edges if it is on another."""
        return LEFT + (tick - row * self.row_ticks) * self.pixels_per_tick

    def y(self, pitch: int, row: int) -> int:
        """Upper edge of a pitch's lane."""
        return self.top(row) + (self.high - pitch) * self.lane

    def drum_y(self, pitch: int, row: int) -> int:
        """Upper edge of a drum's lane; only for pitches in `drums`."""
        below = len(self.drums) - 1 - self.drums.index(pitch)
        return self.top(row) + self.lanes_height + 8 + below * DRUM_LANE


def _range(pitches: Sequence[int]) -> tuple[int, int]:
    """Lowest and highest pitch to draw: two beyond the music, and never a narrow slit."""
    low, high = min(pitches, default=60) - 2, max(pitches, default=72) + 2
    lack = max(0, _FEWEST_PITCHES - (high - low + 1))
    return max(0, low - (lack + 1) // 2), min(127, high + lack // 2)
