"""When messages really arrived, though they are looked for only now and then. Pure.

The driver says how much later than the one before each message came. Such steps, added up, are a
clock without an origin; the shortest time that a message had to wait to be seen gives the origin.
What is known for certain bounds it: after the latest look that found nothing, before this one.
"""

from __future__ import annotations


class Arrivals:
    """The arrivals at one input. [loop]"""

    def __init__(self) -> None:
        self._empty_ns: int | None = None
        self._steps_ns = 0
        self._offset_ns: int | None = None

    def nothing(self, now_ns: int) -> None:
        """A look found nothing."""
        self._empty_ns = now_ns

    def at(self, now_ns: int, step_ns: int) -> int:
        """When a message came that is found now, `step_ns` after the one before it."""
        self._steps_ns += step_ns
        latest = now_ns - self._steps_ns
        # No sooner than the last look that found nothing: else steps are missing from the sum.
        earliest = latest if self._empty_ns is None else self._empty_ns - self._steps_ns
        known = latest if self._offset_ns is None else self._offset_ns
        self._offset_ns = min(max(known, min(earliest, latest)), latest)
        return self._steps_ns + self._offset_ns
