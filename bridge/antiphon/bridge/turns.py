"""When a phrase is over: silence against the player's own pace, and nothing held.

Pure: it is told what happens and asked when, if nothing else happens, the phrase will have ended.
A pedal or a command may end it earlier; that is the session's business.
"""

from __future__ import annotations

from collections import deque
from statistics import median

MIN_SILENCE_NS = 450_000_000
MAX_SILENCE_NS = 1_500_000_000
PACE_FACTOR = 2
"""A rest of so many usual gaps between onsets ends a phrase."""
REMEMBERED_GAPS = 8


class Turn:
    """One phrase as it is being played. [loop]"""

    def __init__(self) -> None:
        self.first_ns: int | None = None
        """When it began, None before the first key."""
        self._onset_ns = 0
        self._quiet_since_ns = 0
        self._held: set[tuple[int, int]] = set()
        self._gaps_ns: deque[int] = deque(maxlen=REMEMBERED_GAPS)

    def strike(self, now_ns: int, key: tuple[int, int]) -> None:
        """A key, (channel, pitch), went down."""
        if self.first_ns is None:
            self.first_ns = now_ns
        elif now_ns - self._onset_ns > _CHORD_NS:
            self._gaps_ns.append(now_ns - self._onset_ns)
        self._onset_ns = now_ns
        self._held.add(key)

    def let_go(self, now_ns: int, key: tuple[int, int]) -> None:
        """A key went up."""
        self._held.discard(key)
        self._quiet_since_ns = now_ns

    @property
    def over_at_ns(self) -> int | None:
        """When the phrase will be over if nothing more happens; None while keys are held."""
        if self.first_ns is None or self._held:
            return None
        # From the last onset for staccato players, but never sooner than a short breath.
        paced = self._onset_ns + self.silence_ns
        return max(paced, self._quiet_since_ns + MIN_SILENCE_NS)

    @property
    def silence_ns(self) -> int:
        """How long after the latest onset silence ends this player's phrase."""
        usual = int(median(self._gaps_ns)) if self._gaps_ns else 0
        return min(max(PACE_FACTOR * usual, MIN_SILENCE_NS), MAX_SILENCE_NS)


_CHORD_NS = 40_000_000
"""Keys struck within so long are one chord, which says nothing of the pace."""
