"""The loss of a run as a picture and as a table of figures, drawn anew while it trains."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..wholefile import whole

SMOOTHING = 0.98
LEAST_SHOWN = 0.1
"""Part of what was judged that the axis reaches up and down at the least."""


class Point(NamedTuple):
    """One step of a run."""

    minutes: float
    bits_a_token: float


class Judged(NamedTuple):
    """One look at the valid split."""

    minutes: float
    bits_a_note: float


class Curve:
    """The losses of a run, kept in `losses.csv` and `judged.csv` of its folder.

    Points beyond the state that a killed run resumes from are dropped: they will come again.
    """

    def __init__(self, folder: Path, minutes: float) -> None:
        self._folder = folder
        self.points = [Point(*p) for p in _read(folder / "losses.csv") if p[0] <= minutes]
        self.judged = [Judged(*j) for j in _read(folder / "judged.csv") if j[0] <= minutes]

    @property
    def best(self) -> Judged:
        """The best look at the valid split; the first of some as good."""
        return min(self.judged, key=lambda judged: judged.bits_a_note)

    @property
    def mean(self) -> float:
        """Bits per token lately."""
        return smoothed(self.points)[-1]

    def save(self) -> None:
        """Write both tables and the picture, each whole or not at all."""
        _write(self._folder / "losses.csv", Point._fields, self.points)
        _write(self._folder / "judged.csv", Judged._fields, self.judged)
        drawn = self.figure()
        with whole(self._folder / "loss.png") as file:
            drawn.savefig(file, dpi=100, format="png")

    def figure(self) -> Figure:
        """Bits per token of each step and lately; bits per note of the valid split."""
        figure = Figure((9, 5), layout="constrained")
        left = figure.subplots()
        minutes = [p.minutes for p in self.points]
        left.plot(minutes, [p.bits_a_token for p in self.points], color="#d0d4dc", linewidth=0.6)
        left.plot(minutes, smoothed(self.points), color="#2b5c8a", label="training music, lately")
        left.set(xlabel="minutes of training", ylabel="bits a token, training music")
        if self.judged:
            self._draw_judged(left.twinx())
        figure.legend(loc="outside lower center", ncols=2, frameon=False)
        return figure

    def _draw_judged(self, axes: Axes) -> None:
        minutes, bits = zip(*self.judged, strict=True)
        axes.plot(minutes, bits, "o-", color="#c0562f", label="held-out music, a quick look")
        # Small differences are chance and should look small.
        middle, half = (max(bits) + min(bits)) / 2, (max(bits) - min(bits)) / 2
        half = max(1.1 * half, LEAST_SHOWN * middle)
        axes.set(ylabel="bits a note, held-out music", ylim=(middle - half, middle + half))


def smoothed(points: Sequence[Point]) -> list[float]:
    """Running mean of the losses."""
    means: list[float] = []
    for point in points:
        last = means[-1] if means else point.bits_a_token
        means.append(SMOOTHING * last + (1 - SMOOTHING) * point.bits_a_token)
    return means


def _read(path: Path) -> list[list[float]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [[float(value) for value in line] for line in list(csv.reader(file))[1:]]


def _write(path: Path, names: Sequence[str], rows: Sequence[Sequence[float]]) -> None:
    with whole(path) as part, part.open("w", newline="") as file:
        csv.writer(file).writerows([names, *rows])
