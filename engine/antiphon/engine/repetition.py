"""Going round in circles is made dearer: what was struck again and again just now is shunned.

A pitched note loses so many nats for each time it is among the latest of its answer. That looks
back over some bars, where `motif.py` trusts a repeat least; what `echo` brings back from further
away pays a little for its notes, and outbids it. Drums are free: repeating is what they do. Pure.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from . import vocabulary as vocab
from .notes import DRUMS
from .sampling import Floats

LATEST = 32
"""Notes that are looked back at."""
REPETITION_NATS = 1.0
"""What each time costs at a strength of 1."""

_PITCHED = slice(vocab.NOTE, vocab.note_id(DRUMS, 0))


class Repetition:
    """What one answer struck lately; `strength` from 0, which does nothing, to 1."""

    def __init__(self, strength: float) -> None:
        self._nats = np.float32(-REPETITION_NATS * strength)
        self._latest: deque[int] = deque()
        self._cost: Floats = np.zeros(vocab.note_id(DRUMS, 0) - vocab.NOTE, np.float32)
        self._times = self._cost.copy()

    def struck(self, token: int) -> None:
        """A note was struck."""
        if not self._nats or not vocab.needs_length(token):
            return
        self._latest.append(token)
        self._count(token, 1)
        if len(self._latest) > LATEST:
            self._count(self._latest.popleft(), -1)

    def shun(self, logits: Floats) -> None:
        """Change logits (V,) in place."""
        if self._latest:
            logits[_PITCHED] += self._cost

    def _count(self, token: int, times: int) -> None:
        at = token - vocab.NOTE
        self._times[at] += times
        self._cost[at] = self._nats * self._times[at]
