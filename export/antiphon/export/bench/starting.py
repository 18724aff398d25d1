"""How soon an engine is ready to play, and how much memory it then holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

from .child import Child

TIMES = 3


@dataclass(frozen=True, slots=True)
class Start:
    """Of an engine that starts, and ends as soon as it is ready; medians."""

    ready_s: float
    """From the command to the moment that it listens."""
    cpu_s: float
    """Processor time of that."""
    memory_mb: float
    """Resident at most."""


def started(bundle: Path | None) -> Start:
    """Start it a few times. Blocks."""
    found = []
    for _ in range(TIMES):
        child = Child(bundle)
        taken = child.close()
        found.append((child.ready_s, taken.cpu_s, taken.memory_mb))
    return Start(*(median(column) for column in zip(*found, strict=True)))
