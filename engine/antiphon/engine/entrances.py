"""Instruments that were asked for come in, and come back: who is silent is pulled, then pushed.

Whoever is not in yet is made likelier to begin a moment, a little more with every moment; in the
last part of the time given one of them begins every moment. Whoever is in may rest a while; then
the pull begins anew. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import vocabulary as vocab
from .notes import INSTRUMENTS
from .sampling import Floats, Mask

ENTRANCE_NATS = 8.0
"""What a missing instrument is favoured by in the end: e to this power times as likely."""
PUSHED = 4
"""The part of the time, one over this, that is left when they are pushed: of eight bars two.

Six instruments need as many moments; without it 54 % of bands were all in by then, with one bar 94.
"""
RESTS, RETURNS = 8, 4
"""The parts of the time, one over these, that who is in may be silent unpulled, and is pulled in
until it is as strong as it gets: of eight bars one and two.
"""


class Entrances:
    """Who of `instruments` is silent, from tick `start` on; all shall be in after `ticks`.

    0 ticks wait for nobody.
    """

    def __init__(self, instruments: Iterable[int], start: int, ticks: int) -> None:
        self._missing: Mask = np.zeros(len(INSTRUMENTS), np.bool_)
        self._missing[list(instruments)] = ticks > 0
        self.missing = int(self._missing.sum())
        """How many are not in yet."""
        self._asked: Floats = self._missing.astype(np.float32)
        self.awaited = bool(self.missing)
        """Whether anybody is ever waited for."""
        self._start, self._ticks = start, ticks - ticks // PUSHED
        self._rest, self._return = ticks // RESTS, max(1, ticks // RETURNS)
        self._pulled_from = np.full(len(INSTRUMENTS), start, np.int64)
        """Tick from which on the silence of each counts."""
        self._within = np.full(len(INSTRUMENTS), max(1, self._ticks), np.int64)
        """Ticks in which the pull on each grows to its full strength."""

    def heard(self, instrument: int, tick: int) -> None:
        """A note of an instrument was struck at a tick."""
        self._pulled_from[instrument] = tick + self._rest
        self._within[instrument] = self._return
        if self._missing[instrument]:
            self._missing[instrument] = False
            self.missing -= 1

    def favour(self, logits: Floats, tick: int) -> None:
        """Make notes of the silent likelier, in place, in logits (V,) of a moment's first note."""
        if not self.awaited:
            return
        passed = np.minimum(np.maximum(tick - self._pulled_from, 0) / self._within, 1.0)
        pull = (np.float32(ENTRANCE_NATS) * passed * self._asked).astype(np.float32)
        if pull.any():
            notes = logits[vocab.NOTE : vocab.STYLE].reshape(len(INSTRUMENTS), -1)
            notes += pull[:, None]

    def overdue(self, tick: int) -> Mask | None:
        """Instruments (17,) one of which must begin the moment at a tick; None if anyone may."""
        late = self.missing and tick - self._start >= self._ticks
        return self._missing if late else None
