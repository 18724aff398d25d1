"""The player's constraints, compiled to tables that a token costs next to nothing to look up in.

Pure. A table says of each token whether it may ever be played: 0 if so, minus infinity if not, so
that it is added to logits. There is one for each set of pitch classes, made when first needed.
What may come next in an answer, which depends on what was just played, is `moves.py`'s affair.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

import numpy as np

from . import vocabulary as vocab
from .harmony import PitchClasses
from .notes import DRUMS, INSTRUMENTS, TICKS_PER_BEAT, Note
from .sampling import Floats, Mask
from .wishes import Constraints

COMMON_TIME = (4, 4)
"""What a bar is where there are none."""

NEVER = np.float32(-np.inf)


class Rules:
    """The constraints of one answer to a model of `size` tokens. Nothing here ever changes."""

    def __init__(
        self, size: int, constraints: Constraints, metre: tuple[int, int] | None = None
    ) -> None:
        self.size = size
        self.polyphony = constraints.polyphony
        self.density = constraints.density
        self.shortest = constraints.shortest
        """Ticks."""
        self.length_ids = _between(constraints.shortest, constraints.longest)
        """First id of a legal length, and the one behind the last."""
        self.velocity_bins = _bins(constraints.softest, constraints.loudest)
        """First legal bin, and the one behind the last."""
        self._keys = {i: constraints.keys(i) for i in constraints.players}
        self._bar = vocab.bar_ticks(*(metre or COMMON_TIME))
        self._beat = beat_ticks(*(metre or COMMON_TIME))
        self._harmonies = constraints.harmonies()
        bars = [chord.bars for chord in constraints.chords] or [1.0]
        self._ends = list(accumulate(max(1, round(n * self._bar)) for n in bars))
        self._always = self._harmonies[0][0] if not constraints.chords else None
        self._tables: dict[PitchClasses, Floats] = {}

    def tones(self, tick: int) -> PitchClasses:
        """Pitch classes that pitched instruments may strike at a tick."""
        if self._always is not None:
            return self._always
        chord = bisect_right(self._ends, tick % self._ends[-1])
        on_beat, between = self._harmonies[chord]
        behind = tick % self._bar % self._beat
        return on_beat if 4 * behind < self._beat else between

    def table(self, tones: PitchClasses) -> Floats:
        """For each token (V,) 0 if it may be played where these may be struck, else `NEVER`.

        Waits may, and notes. Not to be written to.
        """
        if tones not in self._tables:
            self._tables[tones] = self._table(tones)
        return self._tables[tones]

    def lengths(self, least: int = 1) -> Mask:
        """Any length (V,) of at least `least` ticks, whoever plays; the longest if none is."""
        mask = np.zeros(self.size, np.bool_)
        mask[vocab.LENGTH + _first_at_least(least) : vocab.NOTE] = True
        return mask

    def events(self, sounding: Iterable[Note], last: int | None, *, may_end: bool = False) -> Mask:
        """Notes and waits (V,) that may follow in any music, written by whomever.

        `sounding`: notes held at this moment; their keys are taken. `last`: id of the note just
        struck at this moment, None at its first.
        """
        mask: Mask = self.table(self.tones(0)) == 0
        for note in sounding:
            mask[vocab.note_id(note.instrument, note.pitch)] = False
        if last is not None:
            mask[vocab.NOTE : last + 1] = False
        mask[vocab.END] = may_end
        return mask

    def _table(self, tones: PitchClasses) -> Floats:
        table = np.full(self.size, NEVER, np.float32)
        table[vocab.WAIT : vocab.LENGTH] = 0
        notes = table[vocab.NOTE : vocab.STYLE].reshape(len(INSTRUMENTS), -1)
        legal = np.full(12, NEVER, np.float32)
        legal[list(tones)] = 0
        pitched = legal[np.arange(notes.shape[1]) % 12]
        for instrument, keys in self._keys.items():
            own = slice(keys.start, keys.stop)
            notes[instrument, own] = 0 if instrument == DRUMS else pitched[own]
        return table


def wait_ids(least: int) -> tuple[int, int]:
    """Waits of at least `least` ticks, and the one just short of it where none is equal.

    The short one lets two waits add up to an onset that no single wait reaches. Returns the first
    id and the one behind the last.
    """
    first = _first_at_least(least)
    return vocab.WAIT + first - (vocab.TIMES[first] != least), vocab.LENGTH


def beat_ticks(numerator: int, denominator: int) -> int:
    """Ticks of what is felt as one beat of a metre: a quarter, or a dotted one in 6/8 and such."""
    compound = numerator % 3 == 0 and denominator >= 8
    return vocab.bar_ticks(3, denominator) if compound else TICKS_PER_BEAT


def _between(shortest: int, longest: int) -> tuple[int, int]:
    first, behind = bisect_left(vocab.TIMES, shortest), bisect_right(vocab.TIMES, longest)
    return vocab.LENGTH + first, vocab.LENGTH + behind


def _bins(softest: int, loudest: int) -> tuple[int, int]:
    velocities = [vocab.bin_velocity(b) for b in range(vocab.VELOCITY_BINS)]
    return bisect_left(velocities, softest), bisect_right(velocities, loudest)


def _first_at_least(ticks: int) -> int:
    """Index in `TIMES` of the first value of at least `ticks`, of the last if there is none."""
    return min(bisect_left(vocab.TIMES, ticks), len(vocab.TIMES) - 1)
