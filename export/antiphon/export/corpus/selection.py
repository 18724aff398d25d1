"""Of a folder that nobody has sorted: what is left out as the same again, what is held out.

Without a manifest the split is drawn by what is in the files, so it stays when they are renamed
or others come, and pieces that are akin never stand on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .duplicates import SAME, Pair, Words, families, pairs

VALID = 0.05
"""Share of the pieces held out."""
ENOUGH = 10
"""Pieces from which at least one is held out."""
LARGEST = 0.25
"""Share of the pieces that a family held out may have: a folder of variations is trained on."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What tells one piece from others."""

    digest: bytes
    """Hash of its notes."""
    signature: Words


@dataclass(frozen=True, slots=True)
class Selection:
    """What became of some pieces, by index."""

    splits: dict[int, str]
    """`train` or `valid`, of those kept."""
    again: dict[int, tuple[int, str]]
    """Those left out: of which it is a copy, and how near one."""


def select(traces: Sequence[Trace]) -> Selection:
    """Leave out copies, keeping the first of each, and split the rest."""
    related = list(pairs([trace.signature for trace in traces]))
    again = {pair.second: (pair.first, _nearness(pair)) for pair in related if pair.shared >= SAME}
    first: dict[bytes, int] = {}
    for i, trace in enumerate(traces):
        if first.setdefault(trace.digest, i) != i:
            again[i] = first[trace.digest], "the same notes"
    kept = [i for i in range(len(traces)) if i not in again]
    return Selection(_splits(traces, kept, families(len(traces), related)), again)


def _nearness(pair: Pair) -> str:
    return f"{pair.shared:.0%} the same phrases"


def _splits(traces: Sequence[Trace], kept: list[int], family: list[int]) -> dict[int, str]:
    size = Counter(family[i] for i in kept)
    chance = {head: _chance(traces[head].digest) for head in size}
    small = [head for head in size if size[head] <= max(1, LARGEST * len(kept))]
    held_out = {head for head in small if chance[head] < VALID}
    if not held_out and small and len(kept) >= ENOUGH:
        held_out = {min(small, key=lambda head: (size[head], chance[head]))}
    return {i: "valid" if family[i] in held_out else "train" for i in kept}


def _chance(digest: bytes) -> float:
    return int.from_bytes(digest[:8], "big") / 2**64
