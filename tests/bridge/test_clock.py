from __future__ import annotations

import time

import pytest

from antiphon.bridge.clock import Clock, ManualClock, SystemClock


def test_the_manual_clock_moves_only_by_hand() -> None:
    clock = ManualClock(10)
    assert clock.now_ns() == clock.now_ns() == 10
    clock.advance(5)
    assert clock.now_ns() == 15


def test_sleeping_on_the_manual_clock_is_a_jump_and_never_back() -> None:
    clock: Clock = ManualClock()
    clock.sleep_until(100)
    clock.sleep_until(50)
    assert clock.now_ns() == 100


def test_the_manual_clock_refuses_to_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        ManualClock().advance(-1)


@pytest.mark.real
def test_the_system_clock_never_wakes_early() -> None:
    clock: Clock = SystemClock()
    for wait_ns in (0, 1, 100_000, 3_000_000):
        until = clock.now_ns() + wait_ns
        clock.sleep_until(until)
        assert clock.now_ns() >= until


@pytest.mark.real
def test_waiting_costs_little_processor() -> None:
    clock = SystemClock()
    before = time.process_time_ns()
    for _ in range(20):
        clock.sleep_until(clock.now_ns() + 10_000_000)
    assert time.process_time_ns() - before < 20 * 1_000_000


def test_a_moment_past_is_not_waited_for() -> None:
    clock = SystemClock()
    clock.sleep_until(clock.now_ns() - 10**12)
