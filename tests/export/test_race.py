"""Who does more takes longer, whoever is timed first; and what nobody counts does not count."""

from __future__ import annotations

import threading
import time

import pytest

from antiphon.engine.errors import InternalError
from antiphon.export.bench.ours import Stopwatch
from antiphon.export.bench.race import Lap, race

pytestmark = pytest.mark.real


class Worker:
    """Takes so much processor time each time."""

    def __init__(self, ms: float) -> None:
        self.ms, self.done = ms, 0

    def work(self) -> None:
        self.done += 1
        until = time.thread_time() + self.ms / 1000
        while time.thread_time() < until:
            pass


@pytest.fixture(autouse=True)
def others_at_rest() -> None:
    """Threads of earlier tests may spin on for a while, waiting for more to do."""
    busy_ms = 1.0
    while busy_ms > 0.2:
        everywhere, here = time.process_time(), time.thread_time()
        Worker(5).work()
        busy_ms = 1000 * (time.process_time() - everywhere - (time.thread_time() - here))


def test_times_are_in_the_ratio_of_the_work() -> None:
    short, long = Worker(3), Worker(15)
    laps = {name: Lap(lambda: None, of.work) for name, of in (("long", long), ("short", short))}
    ms = race(laps, rounds=3)

    assert 2 < ms["long"] / ms["short"] < 12
    assert short.done == long.done == 3


def test_getting_ready_does_not_count() -> None:
    even, slow = Worker(3), Worker(30)
    ms = race({"even": Lap(slow.work, even.work)}, rounds=3)

    assert slow.done == 3
    assert ms["even"] < 15


def test_what_sleeps_takes_no_processor_time() -> None:
    def wait() -> None:
        time.sleep(0.01)

    ms = race({"work": Lap(wait, Worker(5).work), "wait": Lap(wait, wait)}, rounds=3)

    assert ms["wait"] < ms["work"]


def test_who_has_others_work_is_found_out() -> None:
    def helped() -> None:
        other = threading.Thread(target=Worker(20).work)
        other.start()
        other.join()

    with pytest.raises(InternalError, match="helped works on other threads"):
        race({"helped": Lap(helped, helped)}, rounds=3)


def test_everyone_is_told_of_each_round() -> None:
    rounds: list[None] = []
    race({1: Lap(int, int)}, rounds=4, told=lambda: rounds.append(None))

    assert len(rounds) == 4


def test_a_stopwatch_counts_what_it_is_put_on_and_nothing_else() -> None:
    class Band:
        passed_ns = 0

        def play(self) -> str:
            self.passed_ns += 30
            return "noise"

        def tune(self) -> None:
            self.passed_ns += 500

    band = Band()
    watch = Stopwatch(lambda: band.passed_ns)
    with watch.on(Band, "play"):
        assert [band.play(), band.play()] == ["noise", "noise"]
        band.tune()
    band.play()

    assert (watch.calls, watch.ns) == (2, 60)
