"""Who does more takes longer, whoever is timed first; and what nobody counts does not count."""

from __future__ import annotations

import time

from antiphon.export.bench.race import race
from antiphon.export.bench.stopwatch import Stopwatch


class Worker:
    """Takes so much processor time each time, the first time of a round a hundred times as much."""

    def __init__(self, ms: float, first: int = 1) -> None:
        self.ms, self.first, self.done = ms, first, 0

    def work(self) -> None:
        fresh = self.done % 4 == 0
        self.done += 1
        until = time.process_time() + self.ms / 1000 * (self.first if fresh else 1)
        while time.process_time() < until:
            pass


def test_times_are_in_the_ratio_of_the_work() -> None:
    short, long = Worker(1), Worker(5)
    ms = race({"long": long.work, "short": short.work}, rounds=3, times=3)

    assert 2 < ms["long"] / ms["short"] < 12
    assert short.done == long.done == 3 * (1 + 3)


def test_the_first_of_a_round_does_not_count() -> None:
    even, cold = Worker(1), Worker(1, first=50)
    ms = race({"even": even.work, "cold": cold.work}, rounds=3, times=3)

    assert ms["cold"] < 3 * ms["even"]


def test_what_sleeps_takes_no_processor_time() -> None:
    ms = race({"work": Worker(5).work, "wait": lambda: time.sleep(0.01)}, rounds=3, times=1)

    assert ms["wait"] < ms["work"]


def test_everyone_is_told_of_each_round() -> None:
    rounds: list[None] = []
    race({1: lambda: None}, rounds=4, times=1, told=lambda: rounds.append(None))

    assert len(rounds) == 4


def test_a_stopwatch_counts_what_it_is_put_on_and_nothing_else() -> None:
    class Band:
        def __init__(self) -> None:
            self.drums, self.bass = Worker(5), Worker(5)

        def play(self) -> str:
            self.drums.work()
            return "noise"

        def tune(self) -> None:
            self.bass.work()

    band, watch = Band(), Stopwatch()
    began = time.process_time_ns()
    with watch.on(Band, "play"):
        assert band.play() == "noise"
        band.tune()
    spent = time.process_time_ns() - began
    counted = watch.ns
    band.play()

    assert 0.3 < counted / spent < 0.7
    assert watch.ns == counted
