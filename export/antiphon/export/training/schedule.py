"""How a run spends its budget: how many windows of what length, and how fast it learns."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Schedule:
    """A table over the share of the budget that is spent, 0 to 1."""

    stages: tuple[tuple[float, int, int], ...]
    """(share this lasts to, windows in a batch, tokens in a window)."""
    rate: float = 1.0
    """Learning rate at its peak, as a part of what a fresh model takes."""
    warm_up: float = 0.02
    decay_from: float = 0.55

    def windows(self, share: float) -> tuple[int, int]:
        """Windows in a batch, tokens in a window."""
        return next((size, length) for until, size, length in self.stages if share <= until)

    def rate_at(self, share: float) -> float:
        """Learning rate: it rises, stays level, then falls to nothing."""
        if share < self.warm_up:
            return self.rate * max(0.02, share / self.warm_up)
        if share < self.decay_from:
            return self.rate
        return self.rate * max(0.0, (1 - share) / (1 - self.decay_from))

    def wider(self, times: int) -> Schedule:
        """The same with so many times the windows in a batch: for a GPU, or several processes."""
        stages = tuple((until, times * size, length) for until, size, length in self.stages)
        return replace(self, stages=stages)


FRESH = Schedule(((0.2, 32, 256), (0.65, 16, 512), (1.0, 8, 1024)))
"""From nothing: short windows first, they teach most at that time."""
ONWARD = Schedule(((1.0, 8, 1024),), rate=0.5)
"""From a trained model, on what it knows: long windows."""
TUNE = Schedule(((1.0, 8, 512),), rate=0.15, decay_from=0.2)
"""From a trained model, to a small folder of one's own: little by little."""
PACES = {"fresh": FRESH, "onward": ONWARD, "tune": TUNE}
