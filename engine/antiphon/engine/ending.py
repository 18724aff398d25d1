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

    def favour(self, logits: Floats, tick: int) -> None:
        """Make the end likelier in logits (V,) at a tick, in place."""
        if self._pulls and tick >= self._from:
            logits[END] += np.float32(ENDING_NATS * min((tick - self._from) / self._ticks, 1.0))
