"""Percentiles by nearest rank: always a value that was measured, never one in between."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def percentile(values: Iterable[Number], percent: int) -> Number:
    """The least value that `percent` (1 to 100) of all do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else 0
