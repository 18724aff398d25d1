"""What the way in and the way out cost in time, and how both are made up for. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Compensation:
    """Measured latencies, 0..MOST_NS each, else ValueError."""

    output_ns: int = 0
    """From sending a message until it is heard: so much earlier it is sent."""
    input_ns: int = 0
    """From a key until its message is noticed: so far back it is dated."""

    def __post_init__(self) -> None:
        if not (0 <= self.output_ns <= MOST_NS and 0 <= self.input_ns <= MOST_NS):
            raise ValueError(f"a latency is 0 to {MOST_NS // 1_000_000} ms, not {self}")

    @classmethod
    def from_loop(cls, loops_ns: Sequence[int]) -> Compensation:
        """Both ways out of times from a port and straight back in: the least, half each.

        Nothing measured tells which way costs more. Raises ValueError for none.
        """
        if not loops_ns:
            raise ValueError("nothing came back")
        half = min(max(0, min(loops_ns)) // 2, MOST_NS)
        return cls(half, half)

    def played_ns(self, noticed_ns: int) -> int:
        """When the key was struck whose message was noticed at `noticed_ns`."""
        return noticed_ns - self.input_ns

    def noticed_ns(self, played_ns: int) -> int:
        """When the message is noticed of a key that is struck at `played_ns`."""
        return played_ns + self.input_ns

    def heard_ns(self, sent_ns: int) -> int:
        """When a message is heard that is sent at `sent_ns`: what is wanted by then is due."""
        return sent_ns + self.output_ns
