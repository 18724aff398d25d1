"""The tempo behind what is played: a beat of 60 to 180 a minute, its phase, and how sure that is.

Each onset is laid on a circle for every tempo that could be, as if the beat went once round it; at
the right tempo the onsets pile up where beats, halves and quarters of a beat are. Old onsets fade.
Pure; some tenths of a millisecond an onset.
"""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SLOWEST_BPM, FASTEST_BPM = 60.0, 180.0
USUAL_BPM, USUAL_SPREAD = 95.0, 0.5
"""Tempos that are likelier before anything is played: a bell over the logarithm."""
STEP = 1.0075
"""From one tempo that is tried to the next."""
BINS = 24
"""Places around the circle."""
FADE_NS = 7_000_000_000
CHORD_NS = 40_000_000
"""Keys struck within so long are one onset."""
LEAST_ONSETS = 8
REMEMBERED = 32
"""Latest onsets that the beat is fitted to."""
CONFIDENT = 0.4
STEADY_GUESSES, STEADY_STEPS = 8, 4
"""Of so many earlier guesses those count for it that were so few steps away."""
OCTAVE_STEPS = math.log(2) / math.log(STEP)
APART_STEPS = 8
"""Tempos further apart are two opinions."""
_PARTS = ((0, 1.0), (12, 0.6), (6, 0.3), (18, 0.3), (8, 0.2), (16, 0.2))
"""Where in the beat onsets are, in bins, and how likely."""
_SPREAD_BINS = 1.0
_BELONGS = 1 / 12
_MOST_SLOPE = 0.02
_TINY = 1e-9
_PLACES = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])


class Guess(NamedTuple):
    """What the tempo seems to be."""

    ns_per_beat: int
    beat_ns: int
    """Monotonic nanoseconds at which a beat is, close to the latest onset."""
    confidence: float
    """How far ahead of the next best opinion it is, 0 to 1, less if it was another just now."""

    @property
    def believed(self) -> bool:
        """Whether it is good enough to play by."""
        return self.confidence >= CONFIDENT


class TempoGuess:
    """Listens to one player. [loop]"""

    def __init__(self) -> None:
        count = int(np.log(FASTEST_BPM / SLOWEST_BPM) / np.log(STEP)) + 1
        self._bpm = SLOWEST_BPM * STEP ** np.arange(count)
        self._beats_per_ns = self._bpm / 60e9
        self._rows = np.arange(count)
        off = np.log(self._bpm / USUAL_BPM) / USUAL_SPREAD
        self._likely = np.exp(-(off**2) / 2)
        self._circles = np.zeros((count, BINS))
        self._onsets: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self._latest_rows: deque[int] = deque(maxlen=STEADY_GUESSES)
        self._origin_ns = 0
        self.guess: Guess | None = None
        """As of the latest onset; None before there are enough."""

    def strike(self, ns: int, velocity: int) -> None:
        """A key went down at `ns`, not before the one before; velocity 1..127."""
        weight = velocity / 127
        if self._onsets and ns - self._onsets[-1][0] < CHORD_NS:
            weight /= 4
        else:
            self._fade(ns)
            self._onsets.append((ns, weight))
        self._lay(ns, weight)
        if len(self._onsets) >= LEAST_ONSETS:
            self.guess = self._best(ns)

    def _fade(self, ns: int) -> None:
        if not self._onsets:
            self._origin_ns = ns
            return
        self._circles *= np.exp((self._onsets[-1][0] - ns) / FADE_NS)

    def _lay(self, ns: int, weight: float) -> None:
        place = (ns - self._origin_ns) * self._beats_per_ns % 1 * BINS
        left = place.astype(int) % BINS
        part = place - left
        self._circles[self._rows, left] += weight * (1 - part)
        self._circles[self._rows, (left + 1) % BINS] += weight * part

    def _best(self, ns: int) -> Guess:
        spectrum = np.fft.rfft(self._circles, axis=1) * _TEMPLATE_SPECTRUM
        scores = np.fft.irfft(spectrum, BINS, axis=1)
        judged = scores.max(axis=1) * self._likely
        row = int(judged.argmax())
        confidence = self._margin(judged, row) * self._steadiness(row)
        phase = int(scores[row].argmax()) / BINS
        beats = round((ns - self._origin_ns) * self._beats_per_ns[row] - phase) + phase
        period_ns = float(1 / self._beats_per_ns[row])
        period_ns, beat_ns = _fitted(list(self._onsets), period_ns, beats, self._origin_ns)
        return Guess(round(period_ns), round(beat_ns), confidence)

    def _margin(self, judged: NDArray[np.float64], row: int) -> float:
        """How far ahead of every tempo with other beats, 0 to 1. Double and half have the same."""
        away = np.abs(self._rows - row)
        others = judged[np.minimum(away, np.abs(away - OCTAVE_STEPS)) > APART_STEPS]
        other = float(others.max())
        return 1 - max(0.0, other) / max(float(judged[row]), _TINY)

    def _steadiness(self, row: int) -> float:
        """The part of the latest guesses that said the same."""
        steady = sum(abs(earlier - row) <= STEADY_STEPS for earlier in self._latest_rows)
        self._latest_rows.append(row)
        return steady / STEADY_GUESSES


def _fitted(
    onsets: list[tuple[int, float]], period_ns: float, beats: float, origin_ns: int
) -> tuple[float, float]:
    """Period and a beat, drawn to the onsets by least squares: each belongs to the nearest place
    in its beat where onsets are likely, those far from any belong to none.
    """
    beat_ns = origin_ns + beats * period_ns
    times = np.array([ns - beat_ns for ns, _ in onsets]) / period_ns
    within = times % 1
    nearest = _PLACES[np.abs(within[:, None] - _PLACES).argmin(axis=1)]
    late, due = within - nearest, times - within + nearest
    weights = np.array([weight for _, weight in onsets]) * (np.abs(late) < _BELONGS)
    total = float(weights.sum())
    if total <= 0:
        return period_ns, beat_ns
    middle, mean = float(weights @ due) / total, float(weights @ late) / total
    away = due - middle
    slope = float(weights @ (away * (late - mean))) / max(float(weights @ away**2), _TINY)
    slope = min(max(slope, -_MOST_SLOPE), _MOST_SLOPE)
    return period_ns * (1 + slope), beat_ns + period_ns * (mean - slope * middle)


def _template() -> NDArray[np.float64]:
    bins = np.arange(BINS)
    away = [np.minimum((bins - at) % BINS, (at - bins) % BINS) for at, _ in _PARTS]
    bells = [
        likely * np.exp(-((far / _SPREAD_BINS) ** 2) / 2)
        for far, (_, likely) in zip(away, _PARTS, strict=True)
    ]
    bell: NDArray[np.float64] = np.max(bells, axis=0)
    # About zero, so that what is spread evenly says nothing.
    centred: NDArray[np.float64] = bell - bell.mean()
    return centred


_TEMPLATE_SPECTRUM: NDArray[np.complex128] = np.conj(np.fft.rfft(_template()))
