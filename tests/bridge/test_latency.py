"""How the doctor times what comes back, whatever is late."""

from __future__ import annotations

import heapq

from antiphon.bridge import latency, midi
from antiphon.bridge.clock import SystemClock
from quick_clock import QuickClock

MS = 1_000_000
LATE_MS, LATER_MS = 40, 100
"""Longer than the doctor waits for a note of the player's; than until that key is struck again."""


class FarSide:
    """Everything comes back after a while, and the pedal brings an answer."""

    def __init__(self, clock: SystemClock, thru_ms: list[int], answer_ms: int) -> None:
        self._clock, self._thru_ms, self._answer_ms = clock, thru_ms, answer_ms
        self._coming: list[tuple[int, bytes]] = []

    def play(self, message: bytes) -> None:
        if message == midi.control(0, midi.SOFT, 127):
            self._comes(midi.note_on(1, 60, 80), self._answer_ms)
        struck = midi.kind(message) == midi.NOTE_ON
        self._comes(message, self._thru_ms.pop(0) if struck else 1)

    def hear(self) -> tuple[int, bytes] | None:
        now_ns = self._clock.now_ns()
        if self._coming and self._coming[0][0] <= now_ns:
            return now_ns, heapq.heappop(self._coming)[1]
        return None

    def _comes(self, message: bytes, after_ms: int) -> None:
        heapq.heappush(self._coming, (self._clock.now_ns() + after_ms * MS, message))


def timed(thru_ms: list[int], answer_ms: int) -> tuple[list[int], int]:
    """Milliseconds that the keys took, and the answer."""
    clock, thru = QuickClock(), list[int]()
    answer_ns = latency.measure_round(FarSide(clock, thru_ms, answer_ms), thru, clock)
    assert answer_ns is not None
    return [round(ns / MS) for ns in thru], round(answer_ns / MS)


def test_keys_and_answer_are_timed_each() -> None:
    assert timed([2, 3, 4, 5, 6, 7], 12) == ([2, 3, 4, 5, 6, 7], 12)


def test_a_key_that_comes_late_is_not_taken_for_the_next_one() -> None:
    assert timed([2, LATE_MS, 4, 5, 6, LATE_MS], 12) == ([2, 4, 5, 6], 12)
    assert timed([2, 2, LATER_MS, LATER_MS, 4, 5], 12) == ([2, 2, 4, 5], 12)
