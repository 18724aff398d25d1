"""How busy an engine is: counted as it works, told once a second."""

from __future__ import annotations

from collections.abc import Callable

BEAT_NS = 1_000_000_000


class Pulse:
    """Tokens and time of one engine. [inference thread]"""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self.started_ns = self._beat_ns = now_ns()
        self.tokens = 0
        """Drawn since the start."""
        self._tokens_before = self._busy_ns = 0

    @property
    def uptime_ms(self) -> int:
        """Milliseconds since the start."""
        return (self._now_ns() - self.started_ns) // 1_000_000

    def worked(self, began_ns: int, tokens: int) -> None:
        """Work that began then is done, and drew so many tokens."""
        self._busy_ns += self._now_ns() - began_ns
        self.tokens += tokens

    def beat(self) -> tuple[float, float] | None:
        """Tokens a second and the part of the time that was work, 0 to 1, since the last beat.

        None if that is less than a second ago.
        """
        passed_ns = self._now_ns() - self._beat_ns
        if passed_ns < BEAT_NS:
            return None
        rate = (self.tokens - self._tokens_before) * 1e9 / passed_ns
        busy = min(1.0, self._busy_ns / passed_ns)
        self._beat_ns += passed_ns
        self._tokens_before, self._busy_ns = self.tokens, 0
        return rate, busy
