"""Which rows of a growing transcript a slot holds: fed in chunks, forgotten where they change.

When the slot has counted as far as it can, its first row moves on, in strides. Where it stands
depends on the number of rows alone, so that a session which rewound and one which never strayed
hold the same rows. Always:

    slot.length == fed - base        rows[base:fed] are in the slot
    current == n                     the slot's logits speak of what follows rows[:n]; None: stale
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from .bundle import Shape
from .slots import CHUNK, Slot
from .tokens import Row

KEPT = 2
"""Strides of rows behind which music is forgotten: far more than can be rewound."""


def base_of(rows: int, window: int, stride: int) -> int:
    """Index of the first row to hold of a transcript of so many rows."""
    return 0 if rows < window + stride else (rows - window) // stride * stride


class Cache:
    """The rows in one slot. [inference thread]"""

    def __init__(self, slot: Slot, shape: Shape) -> None:
        self._slot, self._window = slot, shape.window
        self._stride = shape.context // 2
        """Rows by which the first row held moves on: an answer still fits behind."""
        self._far = shape.n_layers * shape.window
        """Rows back that can make a difference: each layer looks back once more."""
        self.base = 0
        """Index of the first row held."""
        self.fed = 0
        """Index behind the last row held."""
        self.current: int | None = None
        """Number of rows that the slot's logits speak after."""

    def fork(self, slot: Slot) -> Cache:
        """The same over a fork of its slot."""
        other = copy(self)
        other._slot = slot
        return other

    def changed(self, row: int) -> None:
        """Rows from index `row` on are not what they were."""
        fed = min(self.fed, max(row, self.base))
        if not self._slot.reaches(fed - self.base):
            self._restart(max(self.base, fed - self._far))
            return
        self.fed = fed
        if self.current is not None and row < self.current:
            self.current = None
        self._slot.rewind(self.fed - self.base)

    def move(self, rows: int) -> None:
        """Hold what a transcript of so many rows asks for; forgets everything if that moves."""
        base = base_of(rows, self._window, self._stride)
        if base > self.base:
            self._restart(base)
        elif base < self.base and rows - self.base < self._window:
            self._restart(max(base, rows - self._far))  # to before where it had moved to

    def spare(self, rows: int) -> int:
        """How many of the first rows of a transcript of so many can be forgotten.

        A multiple of the stride, so that all that is counted in strides stays what it is.
        """
        spare = (rows - self._window) // self._stride - KEPT
        return spare * self._stride if 0 < spare * self._stride <= self.base else 0

    def forget(self, rows: int) -> None:
        """The first so many rows, all before those held, are no longer counted."""
        self.base, self.fed = self.base - rows, self.fed - rows
        if self.current is not None:
            self.current -= rows

    def advance(self, rows: Sequence[Row], end: int) -> bool:
        """Feed at most one chunk of the rows up to index `end`, which is beyond `base`.

        True when the logits speak of what follows `rows[:end]`; if the cache holds more than that,
        or stale logits, the last row is fed once more. Costs at most one call of the model.
        """
        if self.current == end:
            return True
        if self._slot.length + CHUNK >= self._slot.context:
            self.move(len(rows))
        self.fed = min(self.fed, end - 1)
        self._slot.rewind(self.fed - self.base)
        upto = min(end, self.fed + CHUNK)
        self._slot.prefill(rows[self.fed : upto])
        self.fed = self.current = upto
        return upto == end

    def next(self, rows: Sequence[Row]) -> tuple[Slot, Row] | None:
        """What a decode has to feed for the logits to speak of what follows all rows.

        None if they do already, or more than the last is missing.
        """
        if self.current == len(rows) or self.fed != len(rows) - 1:
            return None
        if self._slot.length + CHUNK >= self._slot.context:
            return None
        return self._slot, rows[-1]

    def decoded(self) -> None:
        """What `next` named was fed."""
        self.fed += 1
        self.current = self.fed

    def _restart(self, base: int) -> None:
        self.base = self.fed = base
        self.current = None
        self._slot.restart()
