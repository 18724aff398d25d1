"""Whether the player is done, and how long to wait before saying so. Pure.

A small network reads the cues of a silence, and what the player showed in earlier ones, and says
two things at once: is it an end, and how long will the silence last. Waiting longer lets those who
are not done come back, and misses ends after which they soon play on; the wait is the one that is
worth most. `antiphon turns --fit` makes the weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from .cues import FREE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WAITS_MS = (200, 250, 350, 450, 550, 700, 850, 1050, 1250, 1500)
"""The waits there are to choose from; a silence ends before the first of them, or later."""
LATENESS = 0.2
"""What a second of waiting costs, in caught ends."""
LIMIT = 4.0
"""Standardised cues are cut here."""
PRICES = 8.0, 0.25
"""What a false take-over costs, in caught ends, from no eagerness to all of it."""


USUAL_EAGERNESS = 0.4
"""Catches three ends of four."""


def waits_ms(ends: Floats, goes_on: Floats, eagerness: float | Floats) -> Ints:
    """The wait worth most, (...) of chances (..., K + 1), see `Judgement`, and eagerness (...)."""
    price = PRICES[0] * (PRICES[1] / PRICES[0]) ** np.asarray(eagerness)[..., None]
    waits = np.array(WAITS_MS)
    worth = _later(ends) * (1 - LATENESS * waits / 1000) - price * _later(goes_on)
    return np.asarray(waits[worth.argmax(-1)])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is thought of one silence."""

    ends: Floats
    """Chances (K + 1,) that the player is done and plays again within each wait, last: later."""
    goes_on: Floats
    """The same of a player who is not done."""

    @property
    def probability(self) -> float:
        """That this is an end."""
        return float(self.ends.sum())

    def wait_ns(self, eagerness: float = USUAL_EAGERNESS) -> int:
        """How long to wait in silence. More eagerness (0..1) never makes it longer."""
        return int(waits_ms(self.ends, self.goes_on, eagerness)) * 1_000_000


@dataclass(frozen=True, slots=True)
class Network:
    """Weights of a network with one hidden layer, cues standardised and cut."""

    mean: Floats
    scale: Floats
    hidden: Floats
    """(cues + 1, hidden): the last row is added."""
    out: Floats
    """(hidden + 1, 2 (K + 1)): silences that go on, then ends."""

    def chances(self, cues: Floats) -> tuple[Floats, Floats]:
        """Chances (..., K + 1) of ends and of silences that go on, of cues (..., cues)."""
        given = np.clip((cues - self.mean) / self.scale, -LIMIT, LIMIT)
        inner = np.tanh(given @ self.hidden[:-1] + self.hidden[-1])
        logits = inner @ self.out[:-1] + self.out[-1]
        powers = np.exp(logits - logits.max(-1, keepdims=True))
        powers /= powers.sum(-1, keepdims=True)
        goes_on, ends = np.split(powers, 2, axis=-1)
        return ends, goes_on


def judge(cues: Sequence[float], shown: Floats) -> Judgement:
    """What the shipped weights say of these cues, with or without bars in both. [loop]"""
    network = shipped("free" if len(cues) == len(FREE) else "bars")
    return Judgement(*network.chances(np.concatenate([cues, shown])))


@cache
def shipped(kind: str) -> Network:
    """The weights for "free" time or for "bars"."""
    table = json.loads(files(__package__).joinpath("judge.json").read_text())[kind]
    return Network(**{name: np.array(values) for name, values in table.items()})


def _later(chances: Floats) -> Floats:
    """Chance that the silence outlasts each wait."""
    return np.asarray(np.cumsum(chances[..., :0:-1], -1)[..., ::-1])
