"""Which pieces are the same music twice, in whatever key and at whatever speed.

A piece is told by its phrases: runs of six notes, each a step of pitch and a ratio of gaps, so
neither transposition nor note values matter. How many phrases two pieces share of all they have
(Jaccard) is estimated from signatures of fixed size (MinHash), and only pieces that agree
somewhere in theirs are compared at all.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .table import Ints

Words = npt.NDArray[np.uint64]

RUN = 6
"""Notes in a phrase."""
ROWS, BANDS = 3, 50
"""Pieces are compared if in one of the bands all rows agree: at 0.6 shared that are all but 1 in
250,000 pairs, at 0.35 eight of nine, at 0.05 one of 160.
"""
NEIGHBOURS = 16
"""Of those that agree in a band each is compared with so many before it: a thousand of a kind are
found as a chain, without half a million comparisons.
"""
SAME = 0.6
"""Share of phrases from which a piece is another one again, and left out."""
KIN = 0.35
"""Share from which two pieces are akin, like two arrangements, and belong into the same split."""
FEWEST = 32
"""Phrases without which nothing can be said: scales and jingles resemble each other."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pieces that share music."""

    first: int
    second: int
    """Index of the later piece."""
    shared: float
    """Estimated share of phrases, `KIN` to 1."""


def signature(notes: Ints) -> Words:
    """What stands for a piece: the least of its phrases in each of many orders; empty if short."""
    phrases = np.unique(_phrases(notes))
    if len(phrases) < FEWEST:
        return np.empty(0, np.uint64)
    parts = np.array_split(phrases, len(phrases) // 4096 + 1)
    least = [np.min(part[:, None] * _ORDERS, axis=0) for part in parts]
    return np.array(np.minimum.reduce(least), np.uint64)


def pairs(signatures: Sequence[Words]) -> Iterator[Pair]:
    """Pairs that share `KIN` or more, in order of their later piece."""
    whole = np.array([i for i, words in enumerate(signatures) if len(words)], np.int64)
    if len(whole) < 2:
        return
    table = np.stack([signatures[i] for i in whole])
    met = np.unique(np.concatenate([_met(b) for b in np.split(table, BANDS, axis=1)]), axis=0)
    for part in np.array_split(met, len(met) // 65536 + 1):
        shared = np.mean(table[part[:, 0]] == table[part[:, 1]], axis=1)
        for (later, earlier), share in zip(part, shared, strict=True):
            if share >= KIN:
                yield Pair(int(whole[earlier]), int(whole[later]), float(share))


def shared(signature: Words, other: Words) -> float:
    """Estimated share of phrases of two pieces, 0 to 1; 0 if one is too short to tell."""
    return float(np.mean(signature == other)) if len(signature) and len(other) else 0.0


def families(n: int, related: Iterable[Pair]) -> list[int]:
    """For each of `n` pieces the first of all it is related to, over however many others."""
    head = list(range(n))

    def first(i: int) -> int:
        while head[i] != i:
            head[i] = i = head[head[i]]
        return i

    for pair in related:
        low, high = sorted((first(pair.first), first(pair.second)))
        head[high] = low
    return [first(i) for i in range(n)]


def _met(band: Words) -> Ints:
    """Pairs (later, earlier) of rows of a table that are equal."""
    words = _folded(band.T)
    order = np.argsort(words, kind="stable")
    words = words[order]
    found = []
    for apart in range(1, min(NEIGHBOURS, len(words) - 1) + 1):
        at = np.flatnonzero(words[apart:] == words[:-apart])
        found.append(np.stack([order[at + apart], order[at]], axis=1))
    return np.concatenate(found)


def _phrases(notes: Ints) -> Words:
    """A number for each run of notes of one instrument."""
    voice = notes[np.lexsort((notes[:, 2], notes[:, 0], notes[:, 1]))]
    if len(voice) <= RUN:
        return np.empty(0, np.uint64)
    step = np.diff(voice[:, 2]) + 128
    told = _mixed((256 * _ratios(np.diff(voice[:, 0])) + step).astype(np.uint64))
    return _folded([told[i : len(told) - RUN + 1 + i] for i in range(RUN)])


def _ratios(gaps: Ints) -> Ints:
    """Each gap against the last one that was none: 0 for none, else 1 to 19 in half octaves.

    Halves, so that beats played unevenly stay even.
    """
    at = np.where(gaps > 0, np.arange(len(gaps)), 0)
    before = gaps[np.r_[0, np.maximum.accumulate(at)[:-1]]]
    octaves = np.log2(np.maximum(gaps, 1) / np.maximum(before, 1))
    return np.where(gaps > 0, np.clip(np.rint(2 * octaves), -9, 9) + 10, 0).astype(np.int64)


def _folded(parts: Iterable[Words]) -> Words:
    """Several arrays of words made one, place by place; their order matters."""
    return functools.reduce(lambda words, part: _mixed(words + part), parts)


def _mixed(words: Words) -> Words:
    """Each word scrambled (the finish of splitmix64)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


_ORDERS = _mixed(np.arange(ROWS * BANDS, dtype=np.uint64)) | np.uint64(1)
"""Odd factors: each puts the phrases into another order."""
