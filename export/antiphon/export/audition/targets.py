"""Figures of what a model plays, what they should be, and tables that say whether they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

Figures = dict[str, float]
"""By name. One that ends in `REAL` is of real music what its namesake is of the model's."""
Sections = dict[str, Figures]

REAL = ", real"


class Target(NamedTuple):
    """A bound that a figure should keep."""

    bound: float
    least: bool = True
    """Whether it should be at least that; else at most."""

    def met(self, value: float) -> bool:
        """Whether a figure keeps it."""
        return value >= self.bound if self.least else value <= self.bound

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


TARGETS = {
    "notes in key": Target(0.9),
    "as dense": Target(0.9),
    "no hanging note": Target(1.0),
    "no long silence": Target(1.0),
    "longest run": Target(24, least=False),
    "styles told apart": Target(0.75),
    "blend follows its share": Target(0.25),
    "bands all in within 8 bars": Target(0.9),
    "ended within a bar": Target(0.9),
}
"""By the names of the figures. A blend's is over single passages: of the usual 90, chance comes to
it once in a hundred times.
"""


class Line(NamedTuple):
    """A figure of the model, and what there is to compare it with."""

    name: str
    value: float
    real: float | None
    target: Target | None

    def __str__(self) -> str:
        real = "" if self.real is None else f"{self.real:.3f}"
        target = "" if self.target is None else str(self.target)
        verdict = "" if self.target is None else "yes" if self.target.met(self.value) else "NO"
        return f"{self.name:<44}{self.value:>9.3f}{real:>9}{target:>9}{verdict:>5}"


def lines(figures: Mapping[str, float]) -> Iterator[Line]:
    """The figures of a section, each with its real namesake and its target."""
    for name, value in figures.items():
        if not name.endswith(REAL):
            yield Line(name, value, figures.get(name + REAL), TARGETS.get(name))


def text(sections: Mapping[str, Mapping[str, float]]) -> str:
    """For a terminal: a table for each section."""
    return "\n\n".join(
        "\n".join([f"{name:<44}{'model':>9}{'real':>9}{'target':>9}", *map(str, lines(figures))])
        for name, figures in sections.items()
    )
