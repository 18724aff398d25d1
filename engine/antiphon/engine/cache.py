"""Which rows of a growing transcript a slot holds: fed in chunks, forgotten where they change.

When the slot has counted as far as it can, its first row moves on, in strides. Where it stands
depends on the number of rows alone (and on a phase of the session's own, so that sessions which
began together do not all move at once): a session which rewound and one which never strayed hold
the same rows. What it will hold then is fed to a second slot ahead, where there is time and
room: nobody waits when it moves. Always:

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


PHASES = 32
"""Moments of a stride at which a session's first row can move on."""


def base_of(rows: int, window: int, stride: int, phase: int = 0) -> int:
    """Index of the first row to hold of a transcript of so many rows.

    The first stride is shorter than the others by `phase` rows, which are fewer than a stride.
    """
    return max(0, (rows - window + phase) // stride * stride - phase)


class Cache:
    """The rows in one slot. [inference thread]"""

    def __init__(self, slot: Slot, shape: Shape, phase: int = 0) -> None:
        """Of all phases, taken modulo `PHASES`, each session has one."""
        self.slot = slot
        self._window = shape.window
        self._stride = shape.context // 2
        """Rows by which the first row held moves on: an answer still fits behind."""
        self._phase = phase % PHASES * self._stride // PHASES
        self.base = 0
        """Index of the first row held."""
        self.fed = 0
        """Index behind the last row held."""
        self.current: int | None = None
        """Number of rows that the slot's logits speak after."""
        self._neighbour: Slot | None = None

    def fork(self) -> Cache:
        """The same over a fork of its slot. InternalError if no place is free."""
        other = copy(self)
        other.slot, other._neighbour = self.slot.fork(), None
        return other

    def changed(self, row: int) -> None:
        """Rows from index `row` on are not what they were."""
        fed = min(self.fed, max(row, self.base))
        self._take_back_ahead(row)
        if not self.slot.reaches(fed - self.base):
            self._restart(self.base)
            return
        self.fed = fed
        if self.current is not None and row < self.current:
            self.current = None
        self.slot.rewind(self.fed - self.base)

    def move(self, rows: int) -> None:
        """Hold what a transcript of so many rows asks for.

        If that moves, what was not fed ahead is to be fed anew.
        """
        base = self._base_of(rows)
        if base == self._next_base and self._ahead:
            self.slot, self._neighbour = self._ahead, None
            self.slot.keep()
            self.base, self.fed, self.current = base, base + self.slot.length, None
        elif base > self.base:
            self._restart(base)
        elif base < self.base and rows - self.base < self._window:
            self._restart(base)  # to before where it had moved to

    def foresees(self, rows: int) -> bool:
        """Whether `look_ahead` would feed any of a transcript of so many rows."""
        base, room = self._next_base, self._ahead or self.slot.has_neighbour
        fed = self._ahead.length if self._ahead else 0
        near = self._base_of(rows) <= base
        return near and bool(room) and base + fed + CHUNK <= rows

    def moves_in(self, rows: int) -> int:
        """How many more rows than so many a transcript has when the first row held moves on."""
        return self._next_base + self._window - rows

    def look_ahead(self, rows: Sequence[Row]) -> None:
        """Feed a chunk of what will be held once the first row held has moved on.

        Only if it `foresees` something. Costs one call of the model.
        """
        self._neighbour = ahead = self._ahead or self.slot.neighbour()
        at = self._next_base + ahead.length
        ahead.prefill(rows[at : at + CHUNK])

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
        if self.slot.length + CHUNK >= self.slot.context:
            self.move(len(rows))
        self.fed = min(self.fed, end - 1)
        if not self.slot.reaches(self.fed - self.base):
            self._restart(self.base)
        self.slot.rewind(self.fed - self.base)
        upto = min(end, self.fed + CHUNK)
        self.slot.prefill(rows[self.fed : upto])
        self.fed = self.current = upto
        return upto == end

    def next(self, rows: Sequence[Row]) -> tuple[Slot, Row] | None:
        """What a decode has to feed for the logits to speak of what follows all rows.

        None if they do already, or more than the last is missing.
        """
        if self.current == len(rows) or self.fed != len(rows) - 1:
            return None
        if self.slot.length + CHUNK >= self.slot.context:
            return None
        return self.slot, rows[-1]

    def decoded(self) -> None:
        """What `next` named was fed."""
        self.fed += 1
        self.current = self.fed

    def _restart(self, base: int) -> None:
        self.base = self.fed = base
        self.current = self._neighbour = None
        self.slot.restart()

    @property
    def _ahead(self) -> Slot | None:
        """Holds rows from `_next_base` on, unless its place was needed elsewhere."""
        return None if self._neighbour is None or self._neighbour.gone else self._neighbour

    @property
    def _next_base(self) -> int:
        return ((self.base + self._phase) // self._stride + 1) * self._stride - self._phase

    def _base_of(self, rows: int) -> int:
        return base_of(rows, self._window, self._stride, self._phase)

    def _take_back_ahead(self, row: int) -> None:
        """What was fed ahead holds no row from index `row` on any more."""
        if self._ahead is None:
            return
        length = min(self._ahead.length, max(0, row - self._next_base))
        if self._ahead.reaches(length):
            self._ahead.rewind(length)
        else:
            self._neighbour = None
