"""How well the judge of a turn lets people finish: its curve, beside rules of a fixed silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from .judge import Floats
from .turn_fitting import Rows
from .turn_rehearsal import trained, waited_ms

FIXED_MS = (250, 400, 600, 1000)
EAGERNESS = tuple(i / 40 for i in range(41))
NAMES = {"bars": "ours, bars known", "free": "ours, free time"}
ROWS = 10
"""Lines of a curve in a table, about."""
GOALS = 75.0, 85.0
"""Percent of ends caught at which false take-overs are told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule did."""

    caught: float
    """Percent of ends after which it took over before the next note."""
    false: float
    """Times it took over where there was no end, for each 100 ends."""
    delay_ms: float
    """Mean time from the end of the last note to the take-over, of the ends it caught."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A rule at each of its settings."""

    name: str
    settings: tuple[float, ...]
    """Eagerness, or milliseconds of a fixed rule."""
    outcomes: tuple[Outcome, ...]

    def at(self, caught: float) -> tuple[float, Outcome]:
        """The setting with fewest false take-overs that catches so many percent."""
        enough = [
            (setting, outcome)
            for setting, outcome in zip(self.settings, self.outcomes, strict=True)
            if outcome.caught >= caught
        ]
        return min(enough, key=lambda pair: pair[1].false)

    def as_dict(self) -> dict[str, object]:
        """The same for JSON."""
        outcomes = [
            {"setting": setting, **asdict(outcome)}
            for setting, outcome in zip(self.settings, self.outcomes, strict=True)
        ]
        return {"name": self.name, "outcomes": outcomes}


def outcome(rows: Rows, waits_ms: Floats) -> Outcome:
    """What waiting so long in each silence does. There must be an end among them."""
    ends, over = rows.ends == 1, rows.ms > waits_ms
    caught = ends & over
    mean = float(waits_ms[caught].mean()) if caught.any() else 0.0
    false = (over & (rows.ends == 0)).sum()
    return Outcome(100 * float(caught.sum() / ends.sum()), 100 * float(false / ends.sum()), mean)


def fixed(rows: Rows, waits_ms: Sequence[float] = FIXED_MS) -> Curve:
    """What fixed silences do."""
    found = [outcome(rows, np.full(len(rows.ms), wait)) for wait in waits_ms]
    return Curve("fixed silence", tuple(waits_ms), tuple(found))


def ours(rows: Rows, kind: str) -> Curve:
    """The judge's curve from patient to eager, on composers it has learnt nothing from.

    For each part of the composers a network learns from all the others. [may block]
    """
    waits = np.empty((len(rows.ms), len(EAGERNESS)))
    for part in np.unique(rows.parts):
        here = rows.parts == part
        network = trained(rows.where(~here), kind)
        waits[here] = waited_ms(rows.where(here), kind, network, np.array(EAGERNESS))
    found = tuple(outcome(rows, waits[:, i]) for i in range(len(EAGERNESS)))
    return Curve(NAMES[kind], EAGERNESS, found)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found, on so many ends."""

    ends: int
    curves: tuple[Curve, ...]
    """Ours where bars are known, ours in free time, then the fixed rules."""

    def text(self) -> str:
        """A table for people."""
        lines = [f"{self.ends} ends", f"{'':18}{'setting':>8}{'caught':>8}{'false':>8}{'delay':>9}"]
        for curve in self.curves:
            step = max(1, len(curve.settings) // ROWS)
            shown = [*zip(curve.settings, curve.outcomes, strict=True)][::step]
            lines += [_line(curve.name, setting, result) for setting, result in shown]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        """The same for JSON, with our curves where they catch as many as the goals say."""
        at = {
            curve.name: {f"{goal:g}": asdict(curve.at(goal)[1]) for goal in GOALS}
            for curve in self.curves[:-1]
        }
        return {"ends": self.ends, "at": at, "curves": [curve.as_dict() for curve in self.curves]}


def tried(rows: Rows, tell: Callable[[str], None] = lambda _: None) -> Trial:
    """Ours and the fixed rules on the same silences. [may block]"""
    curves = []
    for done, kind in enumerate(NAMES):
        tell(f"{done} of {len(NAMES)} curves are drawn; half a minute each.")
        curves.append(ours(rows, kind))
    return Trial(int((rows.ends == 1).sum()), (*curves, fixed(rows)))


def _line(name: str, setting: float, result: Outcome) -> str:
    figures = f"{result.caught:7.1f}%{result.false:8.1f}{result.delay_ms:6.0f} ms"
    return f"{name:18}{setting:8g}{figures}"
