"""Tells two kinds of music apart by statistics that do not depend on the key. Pure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..corpus.table import Ints
from . import likeness
from .passage import Passage

Floats = npt.NDArray[np.float64]

OCTAVE = 12
DECAY = 30.0
"""Weight of the squared weights: there are about as many features as passages."""
LEAST_SPREAD = 1e-3


def features(passage: Passage) -> Floats:
    """Shares of outer voices' steps, chords, lengths, places, voices, densities; and register."""
    pitched = passage.pitched
    top, bottom, chords = _outline(pitched)
    histograms = [
        _steps(top), _steps(bottom), chords, likeness.lengths(passage), likeness.places(passage),
        likeness.voices(passage), likeness.densities(passage),
    ]  # fmt: skip
    register = [pitched[:, 2].mean() / OCTAVE, pitched[:, 2].std() / OCTAVE] if len(pitched) else []
    shares = [counts / max(1, counts.sum()) for counts in histograms]
    return np.concatenate([*shares, register or [0.0, 0.0]])


def _outline(notes: Ints) -> tuple[Ints, Ints, Ints]:
    """Highest and lowest pitch of each moment; counts of intervals above the lowest, mod 12."""
    if not len(notes):
        return notes[:, 2], notes[:, 2], np.zeros(OCTAVE, np.int64)
    starts = np.flatnonzero(np.diff(notes[:, 0], prepend=-1))
    top = np.maximum.reduceat(notes[:, 2], starts)
    bottom = np.minimum.reduceat(notes[:, 2], starts)
    above = notes[:, 2] - np.repeat(bottom, np.diff(np.r_[starts, len(notes)]))
    return top, bottom, np.bincount(above % OCTAVE, minlength=OCTAVE)


def _steps(pitches: Ints) -> Ints:
    """Counts of steps from an octave down to an octave up (25,); larger ones count as those."""
    steps = np.clip(np.diff(pitches), -OCTAVE, OCTAVE) + OCTAVE
    return np.bincount(steps, minlength=2 * OCTAVE + 1)


class Classifier(NamedTuple):
    """A linear discriminant of features in units of their spread."""

    mean: Floats
    spread: Floats
    weights: Floats

    def second(self, passages: Floats) -> Floats:
        """How much features (N, F) are of the second kind: 0 no, 1 yes, between unsure (N,)."""
        side = (passages - self.mean) / self.spread @ self.weights
        return np.clip((1 + side) / 2, 0, 1)

    def right(self, first: Floats, second: Floats) -> float:
        """Share of features of both kinds that are told right; each kind weighs the same."""
        wrong = (self.second(first) >= 0.5).mean() + (self.second(second) < 0.5).mean()
        return float(1 - wrong / 2)


def taught(first: Floats, second: Floats) -> Classifier:
    """A classifier that has seen features (N, F) of both kinds; each kind weighs the same."""
    spread = np.concatenate([first, second]).std(axis=0) + LEAST_SPREAD
    mean = (first.mean(axis=0) + second.mean(axis=0)) / 2
    x = np.concatenate([first, second])
    share = np.repeat([1 / len(first), 1 / len(second)], [len(first), len(second)]) * len(x) / 2
    side = np.repeat([-1.0, 1.0], [len(first), len(second)])
    x = (x - mean) / spread
    scatter = x.T @ (x * share[:, None]) + DECAY * np.eye(x.shape[1])
    return Classifier(mean, spread, np.linalg.solve(scatter, x.T @ (share * side)))
