"""Our own engine: sessions of one pool, fed as a live engine feeds them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from antiphon.engine import bundle
from antiphon.engine import model as runtime

from ..network.parity import fill
from ..network.quantise import Array
from .contender import PHRASE, Contender, Form
from .subject import PRECISIONS, Subject, rows_of

NAME = "Antiphon"


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Every precision that a bundle can have."""
    return [Contender(Form(NAME, p), partial(Ours, subject.written(folder, p))) for p in PRECISIONS]


class Ours:
    """Some sessions of a bundle; see `Contender.start`."""

    def __init__(self, written: bundle.Bundle, tokens: Array, fed: int) -> None:
        self._pool = runtime.Model(written).pool
        self._slots = [self._pool.slot() for _ in tokens]
        self._rows = [rows_of(line) for line in tokens]
        for slot, rows in zip(self._slots, self._rows, strict=True):
            fill(slot, rows[:fed])

    def step(self) -> None:
        """One row each, in one call."""
        at = self._slots[0].length
        self._pool.decode(
            [(slot, rows[at]) for slot, rows in zip(self._slots, self._rows, strict=True)]
        )

    def phrase(self) -> None:
        """In the engine's chunks."""
        self._slots[0].restart()
        fill(self._slots[0], self._rows[0][:PHRASE])

    def logits(self) -> Array:
        """Of the first session (V,)."""
        return self._slots[0].logits.copy()
