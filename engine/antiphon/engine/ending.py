"""Where an answer is over, and where the piece may end with it: allowed, then pulled. Pure.

                 may end ▾      ▾ `ends`     ▾ over
── ─── ─── ─── ──┼───────┼──────┼─────┼──────┤
                 likelier and likelier ──────▸
"""

from __future__ import annotations

import numpy as np

from .protocol import Answer
from .sampling import Floats
from .vocabulary import END

ENDING_NATS = 8.0
"""What the end is favoured by at last: e to this power times as likely."""


class Ending:
    """The end of one answer; `bar` is in ticks."""

    def __init__(self, request: Answer, bar: int) -> None:
        self.until = request.until
        """Tick that no note reaches."""
        self._from = 0 if request.may_end else request.until
        self._pulls = request.ends is not None
        if request.ends is not None:
            self._from = max(0, request.ends - bar)
            self.until = min(request.until, request.ends + bar)
        self._ticks = 2 * bar

    def allowed(self, tick: int) -> bool:
        """Whether the piece may end at a tick."""
        return tick >= self._from

    def favoured(self, logits: Floats, tick: int) -> Floats:
        """Logits (V,) at a tick; those given are left alone."""
        if not self._pulls or tick < self._from:
            return logits
        favoured = logits.copy()
        favoured[END] += np.float32(ENDING_NATS * min((tick - self._from) / self._ticks, 1.0))
        return favoured
