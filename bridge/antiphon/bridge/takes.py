"""The versions of one answer: which of them counts now, and which did before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from antiphon.engine.notes import Note

KEPT = 1000
"""Latest notes of a version without end that are remembered: far more than wait to sound."""
MOST = 64
"""Versions remembered; the oldest goes first."""


@dataclass(slots=True, eq=False)
class Take:
    """One version of an answer, as far as it is made."""

    generation: int
    number: int
    """Which of the takes that were asked for at once."""
    start: int
    """The first tick it may sound at."""
    home: int
    """Where the exchange stood in time when it was made, or was moved there."""
    notes: list[Note] = field(default_factory=list)
    """In order of onset, at the ticks at which they sound."""
    complete: bool = False
    moved: int = 0
    """Ticks by which it sounds later than the engine made it."""
    end: int = 0
    """Tick at which the last note ends; 0 if it has none."""

    def at(self, start: int) -> Take:
        """The same music where the exchange stands now."""
        by = start - self.start
        notes = [later(note, by) for note in self.notes]
        return replace(
            self, start=start, home=start, notes=notes, moved=self.moved + by, end=self.end + by
        )

    def move(self, ticks: int) -> None:
        """All that is still to come sounds so many ticks later."""
        self.start, self.moved = self.start + ticks, self.moved + ticks

    def trim(self) -> None:
        """Let go of what is long over, so that an answer without end does not grow."""
        if len(self.notes) > 2 * KEPT:
            del self.notes[:-KEPT]
            self.start = self.notes[0].onset

    def add(self, notes: Sequence[Note]) -> list[Note]:
        """One or more notes, as the engine made them; returns them as they sound."""
        new = [later(note, self.moved) for note in notes]
        sorts = bool(self.notes) and new[0].onset < self.notes[-1].onset
        self.notes += new
        if sorts:  # a gap between bars that are there already
            self.notes.sort()
        self.end = max(self.end, *(note.end for note in new))
        return new


class Takes:
    """All versions of one answer, and the way back. [loop]"""

    def __init__(self) -> None:
        self.all: list[Take] = []
        self._chosen: list[Take | None] = []
        """What counted, the latest last; None: no answer at all."""

    @property
    def current(self) -> Take | None:
        """The version that counts; None if there is none, or it was rejected."""
        return self._chosen[-1] if self._chosen else None

    def begin(self, takes: Sequence[Take]) -> None:
        """New versions are being made: the first of them counts."""
        self.all = [*self.all, *takes][-MOST:]
        self.choose(takes[0])

    def choose(self, take: Take | None) -> None:
        """This version counts from now on; None rejects all."""
        self._chosen = [*self._chosen, take][-MOST:]

    def put(self, new: Take, old: Take) -> None:
        """`new` is `old` somewhere else in time."""
        self.all = [new if take is old else take for take in self.all]
        self._chosen = [new if take is old else take for take in self._chosen]

    def retract(self) -> None:
        """What counts never began to sound: what counted before does again."""
        take = self._chosen.pop()
        if take and not any(t and t.generation == take.generation for t in self._chosen):
            self.all = [one for one in self.all if one.generation != take.generation]

    def find(self, generation: int, number: int) -> Take | None:
        """The version of that name."""
        return next((t for t in self.all if (t.generation, t.number) == (generation, number)), None)

    @property
    def other(self) -> Take | None:
        """The version after the current one, and after the last the first; None if alone."""
        if not self.all or self.all == [self.current]:
            return None
        at = self.all.index(self.current) + 1 if self.current in self.all else 0
        return self.all[at % len(self.all)]

    @property
    def can_undo(self) -> bool:
        """Whether anything else counted before."""
        return len(self._chosen) > 1

    def undo(self) -> Take | None:
        """What counted before counts again; returns it. Only if it `can_undo`."""
        self._chosen.pop()
        return self.current

    def keep(self) -> None:
        """Forget all versions but the current one."""
        self.all = [take for take in self.all if take is self.current]
        self._chosen = self._chosen[-1:]


def later(note: Note, ticks: int) -> Note:
    """The same note so many ticks later."""
    return Note(note.onset + ticks, note.instrument, note.pitch, note.length, note.velocity)
