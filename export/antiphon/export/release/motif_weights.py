"""What a session's memory is worth beside a network, and how far it should be trusted.

The memory expects one token at a time, so three numbers a position tell everything: what the
network gave the token that came, whether the memory expected it, and how far its thread is trusted.
With them at hand any weights are judged in milliseconds, and the best are found by trying all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from antiphon.engine import motif
from antiphon.engine.motif import Motif
from antiphon.engine.tokens import Column
from antiphon.engine.wishes import Feel

from ..corpus.data import Corpus, Piece
from ..network.measure import LIMIT, MACRO, nats, rows_to_judge
from ..network.model import Model

Floats = npt.NDArray[np.float64]

SCALES = np.arange(6, 16.5, 0.5)
POWERS = np.arange(1, 2.55, 0.05)


class Weights(NamedTuple):
    """A thread trusted t stands (t / scale) ** power to one against the network, up to a limit."""

    scale: float
    power: float

    def odds(self, trust: Floats, echo: float) -> Floats:
        """What the threads stand to one, at an echo of 0 to 1."""
        least = np.minimum((trust / self.scale) ** self.power, motif.MOST_ODDS)
        return least * (2 * echo) ** motif.LOUDEST


SHIPPED = Weights(motif.SCALE, motif.POWER)
"""What sessions use."""
USUAL_ECHO = Feel().echo
"""What sessions are played with, unless told otherwise."""
NEUTRAL_ECHO = 0.5
"""What leaves the weights as they were learnt."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One piece as network and memory heard it; arrays hold a number for each of its T tokens."""

    collection: str
    network: Floats
    """Probability of the token that came (T,)."""
    right: npt.NDArray[np.bool_]
    """Whether the memory expected it (T,)."""
    trust: Floats
    """How far the memory's thread is trusted (T,), 0 where it expected nothing."""
    velocity_nats: float
    n_notes: int

    def bits_per_note(self, weights: Weights, echo: float) -> float:
        """As `measure` gives them; an echo of 0 leaves the memory out."""
        odds = weights.odds(self.trust, echo)
        likely = (self.network + odds * self.right) / (1 + odds)
        spent = self.velocity_nats - float(np.log(likely).sum())
        return spent / math.log(2) / max(1, self.n_notes)


def hear(model: Model, corpus: Corpus, piece: Piece, limit: int = LIMIT) -> Heard:
    """One piece's first tokens, as they are judged."""
    rows = rows_to_judge(corpus, piece, limit)
    of_token, of_velocity = nats(model, rows)
    right, trust = expectations(rows[1:, Column.TOKEN].tolist())
    n_notes = int((rows[:, Column.VELOCITY] > 0).sum())
    velocity_nats = float(of_velocity.sum())
    return Heard(piece.collection, np.exp(-of_token), right, trust, velocity_nats, n_notes)


def expectations(tokens: Sequence[int]) -> tuple[npt.NDArray[np.bool_], Floats]:
    """Whether the memory expected each of some tokens, and its trust (T,)."""
    memory = Motif()
    right, trust = np.zeros(len(tokens), np.bool_), np.zeros(len(tokens))
    for at, token in enumerate(tokens):
        expected = memory.expected()
        if expected is not None:
            right[at], trust[at] = token == expected.token, expected.trust
        memory.append(token)
    return right, trust


def hear_all(
    model: Model,
    corpus: Corpus,
    most: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Heard]:
    """At most `most` pieces of each collection. Blocks while the network reads them."""
    heard = []
    groups = sorted(corpus.by_collection().items())
    for n, (name, pieces) in enumerate(groups, start=1):
        heard += [hear(model, corpus, piece) for piece in pieces[:most]]
        tell(f"heard {name}, {n} of {len(groups)} collections")
    return heard


def table(
    heard: Sequence[Heard], weights: Weights = SHIPPED, echo: float = USUAL_ECHO
) -> dict[str, float]:
    """Bits per note of each collection, and `macro`; an echo of 0 leaves the memory out."""
    bits: dict[str, list[float]] = {}
    for piece in heard:
        bits.setdefault(piece.collection, []).append(piece.bits_per_note(weights, echo))
    result = {name: fmean(values) for name, values in sorted(bits.items())}
    return {**result, MACRO: fmean(result.values())}


def learn(heard: Sequence[Heard]) -> Weights:
    """The weights of a grid with the fewest macro bits per note, at the echo that leaves them."""
    return min(_grid(), key=lambda weights: table(heard, weights, NEUTRAL_ECHO)[MACRO])


def _grid() -> Iterator[Weights]:
    for scale in SCALES.tolist():
        for power in POWERS.tolist():
            yield Weights(scale, round(power, 2))
