"""Which tokens may come next, as masks over the vocabulary.

Pure. Hard rules only: what is masked cannot be drawn, and something legal is always left. Notes of
one moment come in order of their id, so a chord never repeats a note and always ends.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from . import vocabulary as vocab
from .notes import DRUMS, INSTRUMENTS, Note
from .sampling import Mask
from .wishes import Constraints

MAX_SILENCE = 192
"""Ticks of rest, two bars of 4/4, after which a note must come."""


class Rules:
    """The masks of one session: built once, then a few slices a token."""

    def __init__(self, size: int, constraints: Constraints) -> None:
        self._polyphony = constraints.polyphony
        self.density = constraints.density
        """Most notes that may be struck within a beat."""
        self._notes = _note_mask(size, constraints)
        self._lengths = _block(size, vocab.LENGTH, vocab.NOTE)
        self._waits = _block(size, vocab.WAIT, vocab.LENGTH)
        self._next = np.zeros(size, np.bool_)

    def lengths(self, least: int = 1) -> Mask:
        """Any length of at least `least` ticks; the longest if none is that long."""
        mask = self._next
        mask[:] = self._lengths
        mask[vocab.LENGTH : vocab.LENGTH + _first_at_least(least)] = False
        return mask

    def waits(self, least: int) -> Mask:
        """Waits of at least `least` ticks, and the one just short of it where none is equal.

        The short one lets two waits add up to an onset that no single wait reaches.
        """
        mask = self._next
        mask[:] = self._waits
        first = _first_at_least(least)
        mask[vocab.WAIT : vocab.WAIT + first] = False
        if vocab.TIMES[first] != least:
            mask[vocab.WAIT + first - 1] = True
        return mask

    def events(
        self,
        sounding: Iterable[Note],
        last: int | None,
        rest: int,
        *,
        crowded: bool = False,
        may_wait: bool = True,
        may_end: bool = False,
        only: Mask | None = None,
        strike: bool = False,
    ) -> Mask:
        """Notes and waits that may follow.

        `sounding`: notes held at this moment; their keys are taken. `last`: id of the note just
        struck at this moment, None at its first. `rest`: ticks since the latest note. `crowded`:
        enough was struck within a beat. A moment that may not wait begins with a note all the same.
        `only`: instruments (17,) one of which must begin this moment, if it can. `strike`: a note
        must come, where one is legal.
        """
        mask = self._next
        mask[:] = self._notes
        pitched = 0
        for note in sounding:
            mask[vocab.note_id(note.instrument, note.pitch)] = False
            pitched += note.instrument != DRUMS
        if crowded:
            mask[vocab.NOTE : vocab.STYLE] = False
        if pitched >= self._polyphony and (may_wait or last is not None):
            mask[vocab.NOTE : vocab.note_id(DRUMS, 0)] = False
        if last is not None:
            mask[vocab.NOTE : last + 1] = False
        elif only is not None:
            mask[vocab.NOTE : vocab.STYLE].reshape(len(INSTRUMENTS), -1)[~only] = False
            strike = strike or bool(mask.any())
        if strike:
            return mask
        if (may_wait and rest < MAX_SILENCE) or not mask.any():
            mask |= self._waits
        mask[vocab.END] = may_end
        return mask


def _note_mask(size: int, constraints: Constraints) -> Mask:
    mask = np.zeros(size, np.bool_)
    for instrument in constraints.instruments or range(len(INSTRUMENTS)):
        low, high = constraints.lowest, constraints.highest
        if instrument == DRUMS:
            low, high = 0, 127
        mask[vocab.note_id(instrument, low) : vocab.note_id(instrument, high) + 1] = True
    return mask


def _block(size: int, begin: int, end: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[begin:end] = True
    return mask


def _first_at_least(ticks: int) -> int:
    """Index in `TIMES` of the first value of at least `ticks`, of the last if there is none."""
    return min(int(np.searchsorted(_TIMES, ticks)), len(_TIMES) - 1)


_TIMES = np.array(vocab.TIMES)
