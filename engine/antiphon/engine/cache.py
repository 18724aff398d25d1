"""Which rows of a growing transcript a slot holds: fed in chunks, forgotten where they change.

When a transcript outgrows the reach of attention, the first row held moves on in strides. Where it
stands depends on the number of rows alone, so that a session which rewound and one which never
strayed hold the same rows. Always:

    slot.length == fed - base        rows[base:fed] are in the slot
    current == n                     the slot's logits speak of what follows rows[:n]; None: stale
"""

from __future__ import annotations

from collections.abc import Sequence

from .model import CHUNK, Slot
from .tokens import Row

STRIDE = 512
"""Rows by which the first row held moves on."""


def base_of(rows: int, window: int) -> int:
    """Index of the first row to hold of a transcript of so many rows."""
    return 0 if rows < window + STRIDE else (rows - window) // STRIDE * STRIDE


class Cache:
    """The rows in one slot. [inference thread]"""

    def __init__(self, slot: Slot, window: int) -> None:
        self._slot, self._window = slot, window
        self.base = 0
        """Index of the first row held."""
        self.fed = 0
        """Index behind the last row held."""
        self.current: int | None = None
        """Number of rows that the slot's logits speak after."""

    def changed(self, row: int) -> None:
        """Rows from index `row` on are not what they were."""
        self.fed = min(self.fed, max(row, self.base))
        if self.current is not None and row < self.current:
            self.current = None
        self._slot.rewind(self.fed - self.base)

    def move(self, rows: int) -> None:
        """Hold what a transcript of so many rows asks for; forgets everything if that moves."""
        base = base_of(rows, self._window)
        if base != self.base:
            self.base = self.fed = base
            self.current = None
            self._slot.rewind(0)

    def advance(self, rows: Sequence[Row], end: int) -> bool:
        """Feed at most one chunk of the rows up to index `end`, which is beyond `base`.

        True when the logits speak of what follows `rows[:end]`; if the cache holds more than that,
        or stale logits, the last row is fed once more. Costs at most one call of the model.
        """
        if self.current == end:
            return True
        if self._slot.length + CHUNK > self._slot.context:
            self.move(len(rows))
        self.fed = min(self.fed, end - 1)
        self._slot.rewind(self.fed - self.base)
        upto = min(end, self.fed + CHUNK)
        self._slot.feed(list(rows[self.fed : upto]))
        self.fed = self.current = upto
        return upto == end
