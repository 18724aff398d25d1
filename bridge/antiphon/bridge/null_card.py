"""The card of a machine without one: it takes blocks when they are due, and plays nothing."""

from __future__ import annotations

import threading

import numpy as np

from .clock import SystemClock
from .sound_card import BLOCK, Fill

RATE = 48_000

_NS_PER_S = 1_000_000_000


class NullCard:
    """Keeps the time of a sound card on a thread of its own."""

    name = "none"
    rate = RATE
    latency_ms = 0.0

    def __init__(self) -> None:
        self.underruns = 0
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, fill: Fill) -> None:
        """Ask `fill` for blocks from now on."""
        self._thread = threading.Thread(target=self._run, args=(fill,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ask no more. [may block]"""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, fill: Fill) -> None:
        clock, block = SystemClock(), np.zeros(BLOCK, np.float32)
        step_ns = BLOCK * _NS_PER_S // self.rate
        due_ns = clock.now_ns()
        while not self._closed.is_set():
            fill(block)
            due_ns += step_ns
            self.underruns += clock.now_ns() > due_ns
            clock.doze_until(due_ns)
