"""Logits to a token: heat, then a cut of the tail, then one draw from a seeded source.

Pure NumPy over one row of logits; what may not be drawn is minus infinity there. The draw inverts
a cumulative sum with one uniform number, so the same logits and number always give the same token,
whoever else is served. The order:

    heat ─▶ min_p, of the likeliest ─▶ top_p, of what is left ─▶ top_k ─▶ draw

The first cut is one comparison over the vocabulary; all else looks at the few that are left.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import InternalError
from .wishes import Feel

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

COLDEST = 1e-6
"""Less heat than this is none."""
_FAR = 1e30
"""Nats: further down than any legal token."""
FEW = 40
"""So many are drawn from sooner in plain Python than in NumPy."""


class Heat(NamedTuple):
    """How freely to draw."""

    temperature: float
    """Above 0; 0 takes the likeliest."""
    reach: float
    """How far below the likeliest a token may lie, in units of logits."""
    top_p: float
    top_k: int
    """Never 0: as many as there may be."""

    @classmethod
    def of(cls, feel: Feel, factor: float = 1.0) -> Heat:
        """What a feel asks for, its temperature times a factor."""
        temperature = feel.temperature * factor
        temperature = temperature if temperature >= COLDEST else 0
        reach = -math.log(feel.min_p) * temperature if feel.min_p else _FAR
        return cls(temperature, reach, feel.top_p, feel.top_k or 2**31)


def draw(logits: Floats, heat: Heat, uniform: float) -> int:
    """Index of the one drawn; `uniform` in [0, 1) decides. InternalError if nothing is legal."""
    best = int(logits.argmax())
    top = float(logits[best])
    if not top > -math.inf:
        raise InternalError("The constraints leave no token to play.")
    if heat.temperature == 0:
        return best
    likely = (logits >= top - heat.reach).nonzero()[0]
    if likely.size == 1:
        return best
    if likely.size <= FEW:
        return int(likely[draw_of_few(logits[likely].tolist(), heat, uniform)])
    return int(likely[_of_many(logits[likely], top, heat, uniform)])


def draw_of_few(logits: list[float], heat: Heat, uniform: float) -> int:
    """The same of a few logits, all legal, in plain Python: soonest where there is no array."""
    order = sorted(range(len(logits)), key=logits.__getitem__, reverse=True)
    if heat.temperature == 0:
        return order[0]
    top, warmth = logits[order[0]], heat.temperature
    floor = top - heat.reach
    mass = [math.exp((logits[i] - top) / warmth) for i in order if logits[i] >= floor]
    edges = list(accumulate(mass))
    n = min(bisect_left(edges, heat.top_p * edges[-1]) + 1, heat.top_k, len(edges))
    at = bisect_right(edges, uniform * edges[n - 1], 0, n)
    return order[min(at, n - 1)]


def probabilities(logits: Floats, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Softmax in double precision, so that the sum does not depend on the order of tokens."""
    scaled = (logits.astype(np.float64) - float(logits.max())) / temperature
    mass: npt.NDArray[np.float64] = np.exp(scaled)
    mass /= mass.sum()
    return mass


def reheat(logits: Floats, temperature: float, factor: float) -> None:
    """Change in place how freely one kind of token is drawn, and not how likely the kind is.

    Drawn at `temperature` (not 0) together with other kinds, these come as often as before; which
    of them it is, is drawn at `temperature * factor`. With a factor of 1 nothing changes.

        logit / temperature  ─▶  logit / (temperature · factor) + ln(Z before / Z after)
    """
    top = float(np.maximum.reduce(logits))
    if not top > -math.inf:
        return
    before = (logits - top) * (1 / temperature)
    after = before * (1 / max(factor, COLDEST))
    shift = math.log(np.add.reduce(np.exp(before)) / np.add.reduce(np.exp(after)))
    np.multiply(after, temperature, logits)
    logits += top + temperature * shift


def _of_many(logits: Floats, top: float, heat: Heat, uniform: float) -> int:
    """One place of many logits, the highest of which is `top`; sorts no more than it must."""
    mass = np.exp((logits.astype(np.float64) - top) / heat.temperature)
    total = mass.sum()
    # What is rarer than an equal share of the tail lies in the tail.
    least = (1 - heat.top_p) * total / mass.size
    if heat.top_k < mass.size:
        least = max(least, np.partition(mass, -heat.top_k)[-heat.top_k])
    places = (mass >= least).nonzero()[0]
    order = places[(-mass[places]).argsort(kind="stable")]
    edges = mass[order].cumsum()
    n = min(int(edges.searchsorted(heat.top_p * total)) + 1, heat.top_k, order.size)
    at = int(edges[:n].searchsorted(uniform * edges[n - 1], side="right"))
    return int(order[min(at, n - 1)])
