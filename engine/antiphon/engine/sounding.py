"""Which pitches sound at each row: what the model sees beside the rows themselves.

Told by the rows alone, so that whoever feeds them need say nothing, and immutable, so that going
back to an earlier row is taking its value again.
"""

from __future__ import annotations

from typing import NamedTuple

from .vocabulary import END, START, instrument_pitch, is_length, is_wait, needs_length, ticks_of


class Sounding(NamedTuple):
    """The pitched notes that sound behind a row, of those told since the first row.

    A note counts from its length on, until the moment its length reaches, or another piece begins;
    drums never do.
    """

    tick: int = 0
    """Ticks since the first row."""
    held: tuple[tuple[int, int], ...] = ()
    """Tick at which each ends, and its pitch."""
    struck: int | None = None
    """Pitch of the note that waits for its length."""

    def after(self, token: int) -> Sounding:
        """What sounds behind the next row."""
        if is_wait(token):
            tick = self.tick + ticks_of(token)
            return Sounding(tick, tuple(note for note in self.held if note[0] > tick))
        if token in (START, END):
            return Sounding(self.tick)
        if needs_length(token):
            return Sounding(self.tick, self.held, instrument_pitch(token)[1])
        if is_length(token) and self.struck is not None:
            return Sounding(self.tick, (*self.held, (self.tick + ticks_of(token), self.struck)))
        return Sounding(self.tick, self.held)
