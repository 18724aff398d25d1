"""Which instruments the player plays, and between which keys. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from antiphon.engine.notes import DRUMS
from antiphon.engine.wishes import MOST_INSTRUMENTS

MARGIN = 7
"""Semitones that an answer may go beyond the highest and lowest key heard."""


class Ear:
    """What was heard of the player. [loop]"""

    def __init__(self) -> None:
        self._struck: Counter[int] = Counter()
        self._lowest, self._highest = 127, 0

    def hear(self, instrument: int, pitch: int) -> None:
        """A key was struck."""
        self._struck[instrument] += 1
        if instrument != DRUMS:
            self._lowest, self._highest = min(self._lowest, pitch), max(self._highest, pitch)

    @property
    def instruments(self) -> tuple[int, ...]:
        """The player's instruments; if there are too many, those most heard."""
        return tuple(instrument for instrument, _ in self._struck.most_common(MOST_INSTRUMENTS))

    def near(self, instruments: Iterable[int]) -> tuple[int, int] | None:
        """Lowest and highest key for an answer by these instruments; None leaves it to them.

        Whoever was not heard so far has a register of its own.
        """
        if self._lowest > self._highest or not self._struck.keys() >= {*instruments}:
            return None
        return max(0, self._lowest - MARGIN), min(127, self._highest + MARGIN)
