"""How alike two sets of music are in their statistics: distances of pooled histograms. Pure.

Each passage gives a histogram, scaled to 1 so that dense music does not drown the rest; a set has
the mean of them, and two sets the Jensen–Shannon distance: 0 for the same, 1 for nothing in common.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from antiphon.engine.notes import TICKS_PER_BEAT

from ..corpus.table import Ints
from .key import key_of
from .passage import Passage

Floats = npt.NDArray[np.float64]

MOST_VOICES = 12
MOST_STRUCK = 16
"""In a beat; more count as so many."""
SIXTEENTH = TICKS_PER_BEAT // 4
PLACES = 64
"""Places in a bar, half a sixteenth each."""
TENTHS = 10


def degrees(passage: Passage, tonic: int) -> Ints:
    """Notes on each pitch class, counted from the tonic (12,)."""
    return np.bincount((passage.pitched[:, 2] - tonic) % 12, minlength=12)


def densities(passage: Passage) -> Ints:
    """Beats in which 0, 1, … 16 or more notes are struck (17,)."""
    beats = -(-(passage.until - passage.begin) // TICKS_PER_BEAT)
    struck = np.bincount((passage.notes[:, 0] - passage.begin) // TICKS_PER_BEAT, minlength=beats)
    return np.bincount(np.minimum(struck, MOST_STRUCK), minlength=MOST_STRUCK + 1)


def voices(passage: Passage) -> Ints:
    """Moments at which 1, … 12 or more pitched notes sound (12,)."""
    onset, end = passage.pitched[:, 0], passage.pitched[:, 3]
    moments = np.unique(onset)
    begun = np.searchsorted(np.sort(onset), moments, side="right")
    over = np.searchsorted(np.sort(end), moments, side="right")
    return np.bincount(np.minimum(begun - over, MOST_VOICES) - 1, minlength=MOST_VOICES)


def lengths(passage: Passage) -> Ints:
    """Pitched notes by length, two classes an octave, from a tick to 42 beats and more (24,)."""
    ticks = np.maximum(passage.pitched[:, 3] - passage.pitched[:, 0], 1)
    return np.bincount(np.minimum(2 * np.log2(ticks), 23).astype(np.int64), minlength=24)


def places(passage: Passage) -> Ints:
    """Notes by their place in the bar, to half a sixteenth (64,)."""
    place = (passage.notes[:, 0] - passage.begin) % passage.bar // (SIXTEENTH // 2)
    return np.bincount(np.minimum(place, PLACES - 1), minlength=PLACES)


def similarities(passage: Passage) -> Ints:
    """Pairs of bars by what they share, in tenths (10,).

    A bar is the set of its notes, sixteenth in the bar and pitch class; what two share is the part
    of all their notes that is in both. Pairs of empty bars do not count.
    """
    count = (passage.until - passage.begin) // passage.bar
    edges = [passage.begin + i * passage.bar for i in range(count + 1)]
    bars = [_contents(passage.cut(*edge)) for edge in pairwise(edges)]
    shared = [len(a & b) / len(a | b) for a, b in combinations(bars, 2) if a or b]
    tenths = np.minimum(np.array(shared) * TENTHS, TENTHS - 1).astype(np.int64)
    return np.bincount(tenths, minlength=TENTHS)


def _contents(bar: Passage) -> set[tuple[int, int]]:
    place = (bar.notes[:, 0] - bar.begin) // SIXTEENTH
    return set(zip(place.tolist(), (bar.notes[:, 2] % 12).tolist(), strict=True))


HISTOGRAMS: dict[str, Callable[[Passage, int], Ints]] = {
    "pitch classes": degrees,
    "density": lambda passage, _: densities(passage),
    "voices": lambda passage, _: voices(passage),
    "lengths": lambda passage, _: lengths(passage),
    "places in the bar": lambda passage, _: places(passage),
    "self-similarity": lambda passage, _: similarities(passage),
}
"""Of a passage and a tonic."""


def distances(
    some: Sequence[Passage], others: Sequence[Passage], phrases: Sequence[Passage]
) -> dict[str, float]:
    """Distance of two sets in each of `HISTOGRAMS`; the `phrases` before them give the key.

    One that says nothing of a set, as voices do of drums, is left out.
    """
    tonics = [key_of(phrase).tonic for phrase in phrases]
    found = {}
    for name, count in HISTOGRAMS.items():
        p, q = _pooled(some, tonics, count), _pooled(others, tonics, count)
        if p is not None and q is not None:
            found[name] = jensen_shannon(p, q)
    return found


def jensen_shannon(p: Floats, q: Floats) -> float:
    """Distance of two distributions, 0 to 1."""
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(max(0.0, divergence)))


def _relative_entropy(p: Floats, q: Floats) -> float:
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())


def _pooled(
    passages: Sequence[Passage], tonics: Sequence[int], count: Callable[[Passage, int], Ints]
) -> Floats | None:
    counts = [count(passage, tonic) for passage, tonic in zip(passages, tonics, strict=True)]
    shares = [c / c.sum() for c in counts if c.any()]
    return np.asarray(np.mean(shares, axis=0), np.float64) if shares else None
