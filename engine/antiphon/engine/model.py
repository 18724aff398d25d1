"""The network at run time: a loaded bundle, and the places it has for sessions."""

from __future__ import annotations

import time

from .bundle import Bundle
from .graph import Graph
from .slots import CHUNK, SLIDE, Pool, Slot, bytes_of_place
from .tokens import Row
from .vocabulary import NOTE

PLACES = 80
"""Most sessions that can be held, with those that fill a gap."""
ROUNDS = 5
MOST_BYTES = 2 * 2**30
"""Memory that all places together may grow to."""


class Model:
    """A loaded bundle. Sessions share it; each works in its own `Slot`. [inference thread]"""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.shape = bundle.about.shape
        self.vocabulary = bundle.vocabulary
        self.copies = bundle.copies
        graph, velocity = (
            Graph(bundle.graphs["model.onnx"], threads),
            bundle.graphs["velocity.onnx"],
        )
        self.slot_bytes = bytes_of_place(graph, self.shape)
        """Memory of one slot, once it is full."""
        places = max(1, min(PLACES, MOST_BYTES // self.slot_bytes))
        self.pool = Pool(graph, Graph(velocity), self.shape, places)
        self._warm_up()

    def _warm_up(self) -> None:
        """Run every size of chunk once: the first run of each allocates, and nobody should wait."""
        slot = self.slot()
        for size in range(1, CHUNK + 1):
            slot.restart()
            slot.prefill([Row(0)] * size)
        slot.decode(Row(0))
        slot.velocity_logits(NOTE)

    def slot(self) -> Slot:
        """A fresh, empty slot. Allocates nothing that was not there before."""
        return self.pool.slot()

    def step_ns(self, sessions: int) -> int:
        """What a decode of so many sessions costs whose attention is full, in processor time."""
        slots = [self.slot() for _ in range(sessions)]
        for slot in slots:
            slot.pretend(min(self.shape.window + SLIDE, self.shape.context) - 1)
        times = []
        for _ in range(ROUNDS):
            began = time.thread_time_ns()
            self.pool.decode([(slot, Row(0)) for slot in slots])
            times.append(time.thread_time_ns() - began)
            for slot in slots:
                slot.rewind(slot.length - 1)
        return sorted(times)[ROUNDS // 2]
