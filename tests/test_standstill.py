"""What the tests think of the machine they run on."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from band import descendants
from standstill import QUIET, TRIES, Machine, Span, merged, undisturbed, watched

FAR = 60
spans = st.lists(st.tuples(st.integers(0, FAR), st.integers(0, FAR)).map(sorted).map(tuple))


@given(spans, st.tuples(st.integers(0, FAR), st.integers(0, FAR)).map(sorted).map(tuple))
def test_a_time_is_still_where_any_core_is(found: list[Span], asked: Span) -> None:
    machine = Machine(begin_ns=0, end_ns=10**6, still=merged(found))
    still = sum(any(a <= ns < b for a, b in found) for ns in range(*asked))

    assert machine.still_ns(*asked) == still
    assert machine.took_ns(*asked) == asked[1] - asked[0] - still


def test_disturbance_is_the_share_of_the_time_or_the_longest_stretch_in_seconds() -> None:
    ms = 1_000_000
    machine = Machine(still=[(0, 10 * ms), (20 * ms, 60 * ms), (90 * ms, 100 * ms)])

    assert machine.disturbance(0, 100 * ms) == 0.6
    assert machine.disturbance(5 * ms, 10_000 * ms) == 0.04
    assert machine.disturbance(30 * ms, 10_000 * ms) == 0.03
    assert machine.disturbance(100 * ms, 200 * ms) == 0


@pytest.mark.real
def test_who_watches_a_core_tells_when_it_could_not() -> None:
    with watched() as machine:
        (one, *_) = descendants(os.getpid())[-len(os.sched_getaffinity(0)) :]
        stopped_ns = time.monotonic_ns()
        os.kill(one, signal.SIGSTOP)
        time.sleep(0.1)
        os.kill(one, signal.SIGCONT)
        until_ns = time.monotonic_ns()
        time.sleep(0.1)

    still_ns = machine.still_ns(stopped_ns, until_ns)
    # Without real time nobody watches, and nothing is taken off anything.
    assert still_ns >= 90_000_000 if machine.watched else still_ns == 0


def test_a_machine_that_stood_still_most_of_the_time_is_no_measure() -> None:
    machine = Machine(begin_ns=0, end_ns=100, still=[(0, 51)])

    with pytest.raises(AssertionError, match="stood still for 51%"):
        machine.took_ns(0, 50)


@given(st.lists(st.floats(0, 2), min_size=TRIES, max_size=TRIES))
def test_the_first_play_that_is_quiet_counts_else_the_least_disturbed(shares: list[float]) -> None:
    left = iter(shares)
    seen = undisturbed(lambda: next(left), float)

    quiet = [share for share in shares if share <= QUIET]
    assert seen == (quiet[0] if quiet else min(shares))
    assert len(list(left)) == (TRIES - 1 - shares.index(seen) if quiet else 0)
