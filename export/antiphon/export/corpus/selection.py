"""Of a folder that nobody has sorted: what is left out as the same again, what is held out.

Without a manifest the split is drawn by what is in the files, so it stays when they are renamed
or others come, and pieces that are akin never stand on both sides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import groupby

from .duplicates import SAME, Pair, Words, families, pairs, shared

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
    again = _again(traces, related)
    kept = [i for i in range(len(traces)) if i not in again]
    return Selection(_splits(traces, kept, families(len(traces), related)), again)


def _again(traces: Sequence[Trace], related: Sequence[Pair]) -> dict[int, tuple[int, str]]:
    """Those that are the same again as one that is kept, and how near.

    A piece like one that was left out is compared with what that was left out for: it may be far
    enough from it to stay.
    """
    again: dict[int, tuple[int, str]] = {}
    earlier = {i: [p.first for p in group] for i, group in groupby(related, lambda p: p.second)}
    first: dict[bytes, int] = {}
    for i, trace in enumerate(traces):
        same = first.setdefault(trace.digest, i)
        if same != i:
            again[i] = again.get(same, (same, "the same notes"))
            continue
        for like in earlier.get(i, ()):
            kept = again[like][0] if like in again else like
            nearness = shared(traces[kept].signature, trace.signature)
            if nearness >= SAME:
                again[i] = kept, f"{nearness:.0%} the same phrases"
                break
    return again


def _splits(traces: Sequence[Trace], kept: list[int], family: list[int]) -> dict[int, str]:
    size = Counter(family[i] for i in kept)
    chance = {head: _chance(least) for head, least in _least_digests(traces, family).items()}
    small = [head for head in size if size[head] <= max(1, LARGEST * len(kept))]
    held_out = {head for head in small if chance[head] < VALID}
    if not held_out and small and len(kept) >= ENOUGH:
        held_out = {min(small, key=lambda head: (size[head], chance[head]))}
    return {i: "valid" if family[i] in held_out else "train" for i in kept}


def _least_digests(traces: Sequence[Trace], family: list[int]) -> dict[int, bytes]:
    """Of each family the least digest: whichever of its files comes first, it is the same."""
    least: dict[int, bytes] = {}
    for head, trace in zip(family, traces, strict=True):
        least[head] = min(least.get(head, trace.digest), trace.digest)
    return least


def _chance(digest: bytes) -> float:
    """A draw from 0 to 1. Hashed again: the least of many digests is small."""
    return int.from_bytes(blake2b(digest).digest()[:8], "big") / 2**64
