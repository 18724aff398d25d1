"""Instruments that were asked for come in: one that has not yet is pulled, then pushed.

Whoever is missing is made likelier to begin a moment, a little more with every moment; in the last
eighth of the time given, one of them begins every moment. Once all are in, nothing is done. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import vocabulary as vocab
from .notes import INSTRUMENTS
from .sampling import Floats, Mask

ENTRANCE_NATS = 8.0
"""What a missing instrument is favoured by in the end: e to this power times as likely."""
PUSHED = 8
"""The part of the time, one over this, that is left when they are pushed: of eight bars the last.

Six instruments need as many moments; without it 54 % of bands were all in by then.
"""


class Entrances:
    """Who of `instruments` is missing, from tick `start` on; all shall be in after `ticks`.

    0 ticks wait for nobody.
    """

    def __init__(self, instruments: Iterable[int], start: int, ticks: int) -> None:
        self._missing: Mask = np.zeros(len(INSTRUMENTS), np.bool_)
        self._missing[list(instruments)] = ticks > 0
        self.missing = int(self._missing.sum())
        """How many are not in yet."""
        self._start, self._ticks = start, ticks - ticks // PUSHED

    def heard(self, instrument: int) -> None:
        """A note of an instrument was struck."""
        if self.missing and self._missing[instrument]:
            self._missing[instrument] = False
            self.missing -= 1

    def favour(self, logits: Floats, tick: int) -> None:
        """Make notes of the missing likelier, in place, in logits (V,) of a moment's first note."""
        if not self.missing:
            return
        passed = min(max(tick - self._start, 0) / self._ticks, 1.0)
        notes = logits[vocab.NOTE : vocab.STYLE].reshape(len(INSTRUMENTS), -1)
        notes += (np.float32(ENTRANCE_NATS * passed) * self._missing)[:, None]

    def overdue(self, tick: int) -> Mask | None:
        """Instruments (17,) one of which must begin the moment at a tick; None if anyone may."""
        late = self.missing and tick - self._start >= self._ticks
        return self._missing if late else None
