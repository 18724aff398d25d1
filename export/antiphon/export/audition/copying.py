"""Whether music repeats music that was trained on: runs of notes that both have. Pure.

A piece is the sequence of its pitched notes in order of onset, then instrument, then pitch. Of each
two neighbours it keeps the step in semitones and the time between in sixteenths, so a run is found
in any key, a little early or late. Drums are left out: a beat is nobody's.

Rolling hashes of 64 bits find the runs, of one length at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT

from ..corpus.table import Ints

Steps = npt.NDArray[np.uint16]
Hashes = npt.NDArray[np.uint64]

SIXTEENTH = TICKS_PER_BEAT // 4
LONGEST_WAIT = 31
"""Sixteenths; longer ones count as so many."""
BREAK = 256 * (LONGEST_WAIT + 1)
"""Stands where a piece begins: no run goes across."""
VARIED = 6
"""Different steps that a run must have to be something: scales and repeated notes have fewer."""
SHORTEST = 8
"""Notes; shorter runs are everybody's."""
PLAIN = 32
"""Notes to which plain runs are followed: a repeated note goes on and on."""

BLOCK = 2**21
"""Steps that are looked through at once: what is held in memory beside them."""
_FILTER_BITS = 22
_BASE = 0x9E3779B97F4A7C15
_VALUES = np.random.default_rng(1).integers(1, 2**64, BREAK + 1, np.uint64)


class Run(NamedTuple):
    """Notes of the longest runs that some music shares with training music; 0 is below 8."""

    varied: int
    plain: int
    """Of those with few different steps."""


def steps(notes: Ints) -> Steps:
    """Steps between the pitched notes of a table, one fewer than they are."""
    pitched = notes[notes[:, 1] != DRUMS]
    semitones = np.diff(pitched[:, 2]) + 127
    sixteenths = np.minimum((np.diff(pitched[:, 0]) + SIXTEENTH // 2) // SIXTEENTH, LONGEST_WAIT)
    told: Steps = (256 * sixteenths + semitones).astype(np.uint16)
    return told


class Training:
    """The steps of all training pieces end to end."""

    def __init__(self, pieces: Iterable[Steps]) -> None:
        mark = np.array([BREAK], np.uint16)
        self._steps = np.concatenate([part for piece in pieces for part in (mark, piece)] or [mark])

    def holds(self, hashes: Hashes, n: int) -> npt.NDArray[np.bool_]:
        """Which of some hashes of `n` steps in a row occur."""
        seen = np.zeros(2**_FILTER_BITS, np.bool_)
        seen[_short(hashes)] = True
        found = [np.empty(0, np.uint64)]
        for first in range(0, len(self._steps), BLOCK):
            here = rolled(self._steps[first : first + BLOCK + n - 1], n)
            found.append(np.intersect1d(here[seen[_short(here)]], hashes))
        return np.isin(hashes, np.concatenate(found))


def rolled(symbols: Steps, n: int) -> Hashes:
    """A hash of each `n` symbols in a row (N - n + 1,), or none."""
    if len(symbols) < n:
        return np.empty(0, np.uint64)
    up, down = (_powers(base, len(symbols)) for base in (_BASE, pow(_BASE, -1, 2**64)))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_VALUES[symbols] * up)])
    hashes: Hashes = (sums[n:] - sums[:-n]) * down[: len(symbols) - n + 1]
    return hashes


def longest_runs(training: Training, answers: Sequence[tuple[Ints, Ints]]) -> list[Run]:
    """Of pairs of an answer and the phrase it answers: the longest run it shares with training.

    A run that already stands in the phrase is the player's own and does not count. Plain runs are
    followed to `PLAIN` notes, varied ones to their end.
    """
    told = [(steps(answer), steps(phrase)) for answer, phrase in answers]
    longest = np.zeros((len(told), 2), np.int64)
    notes = SHORTEST
    while True:
        runs = [_runs(answer, phrase, notes - 1) for answer, phrase in told]
        whose = np.repeat(np.arange(len(runs)), [len(run.hashes) for run in runs])
        hashes, varied, new = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        shared = training.holds(hashes, notes - 1)
        longest[whose[shared & new & varied], 0] = notes
        longest[whose[shared & new & ~varied], 1] = min(notes, PLAIN)
        if not (shared if notes < PLAIN else shared & varied).any():
            return [Run(*pair) for pair in longest.tolist()]
        notes += 1


class _Runs(NamedTuple):
    """All runs of a length in an answer."""

    hashes: Hashes
    varied: npt.NDArray[np.bool_]
    new: npt.NDArray[np.bool_]
    """The phrase does not have it."""


def _runs(answer: Steps, phrase: Steps, n: int) -> _Runs:
    hashes = rolled(answer, n)
    if not len(hashes):
        return _Runs(hashes, np.empty(0, np.bool_), np.empty(0, np.bool_))
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(answer, n), axis=1)
    varied = 1 + (np.diff(windows, axis=1) > 0).sum(axis=1) >= VARIED
    return _Runs(hashes, varied, ~np.isin(hashes, rolled(phrase, n)))


def _short(hashes: Hashes) -> npt.NDArray[np.int64]:
    return (hashes >> np.uint64(64 - _FILTER_BITS)).astype(np.int64)


@lru_cache(maxsize=4)
def _powers(base: int, count: int) -> Hashes:
    return np.cumprod(np.full(count, base, np.uint64), dtype=np.uint64)
