"""Our own engine from inside: sessions of one pool, and how long its graphs run.

The only file here that knows how the engine calls its model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.engine import model as runtime
from antiphon.engine.graph import Call, Graph

from ..network.parity import fill
from ..network.quantise import Array
from .contender import PHRASE, Contender, Form
from .subject import PRECISIONS, SHARED, Precision, Subject, rows_of

NAME = "Antiphon"
CALLS = (Call, Graph)
"""What the model is run by, each with its method `run`."""


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Every precision that a bundle can have."""
    return [Contender(Form(NAME, p), partial(Ours, subject, folder, p)) for p in PRECISIONS]


class Ours:
    """Some sessions of a bundle; see `Contender.start`."""

    def __init__(
        self, subject: Subject, folder: Path, precision: Precision, tokens: Array, fed: int
    ) -> None:
        self._pool, self._fed = runtime.Model(subject.written(folder, precision)).pool, fed
        self._rows = [rows_of(line) for line in tokens]
        first = self._pool.slot()
        fill(first, self._rows[0][:SHARED])
        self._slots = [first, *(first.fork() for _ in tokens[1:])]
        for slot, rows in zip(self._slots, self._rows, strict=True):
            fill(slot, rows[:fed])
        columns = zip(*(rows[fed:] for rows in self._rows), strict=True)
        self._steps = [list(zip(self._slots, column, strict=True)) for column in columns]
        self._left = iter(self._steps)

    def back(self) -> None:
        """Costs nothing."""
        for slot in self._slots:
            slot.rewind(self._fed)
        self._left = iter(self._steps)

    def step(self) -> None:
        """One row each, in one call."""
        self._pool.decode(next(self._left))

    def phrase(self) -> None:
        """In the engine's chunks."""
        self._slots[0].restart()
        fill(self._slots[0], self._rows[0][:PHRASE])

    def logits(self) -> Array:
        """Of the first and the last session (2, V)."""
        return np.stack([self._slots[i].logits for i in (0, -1)])


class Stopwatch:
    """Processor time of this thread inside the calls it is put on."""

    def __init__(self, now_ns: Callable[[], int] = time.thread_time_ns) -> None:
        self._now_ns = now_ns
        self.calls = self.ns = 0
        """In all, so far; in the time is what it takes to ask for it once each call."""

    @contextmanager
    def on(self, kind: type, method: str) -> Iterator[None]:
        """Count a method of every object of a kind, meanwhile."""
        inner = getattr(kind, method)

        def timed(*given: Any) -> Any:
            self.calls += 1
            began = self._now_ns()
            try:
                return inner(*given)
            finally:
                self.ns += self._now_ns() - began

        setattr(kind, method, timed)
        try:
            yield
        finally:
            setattr(kind, method, inner)


@contextmanager
def in_the_model() -> Iterator[Stopwatch]:
    """Count the time that graphs run, meanwhile."""
    watch = Stopwatch()
    with ExitStack() as calls:
        for kind in CALLS:
            calls.enter_context(watch.on(kind, "run"))
        yield watch
