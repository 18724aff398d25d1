from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.arrivals import Arrivals

MS = 1_000_000


def test_a_look_that_comes_late_does_not_make_the_music_late() -> None:
    arrivals = Arrivals()
    arrivals.nothing(0)
    assert arrivals.at(1 * MS, 0) == 1 * MS
    arrivals.nothing(1 * MS)
    assert [arrivals.at(40 * MS, 10 * MS) for _ in range(3)] == [11 * MS, 21 * MS, 31 * MS]


def test_steps_that_were_lost_do_not_drag_behind() -> None:
    arrivals = Arrivals()
    arrivals.nothing(0)
    arrivals.at(0, 0)
    arrivals.nothing(100 * MS)
    assert arrivals.at(101 * MS, 3 * MS) == 100 * MS
    assert arrivals.at(104 * MS, 3 * MS) == 103 * MS


@given(
    st.lists(
        st.tuples(st.integers(0, 5_000), st.integers(0, 900)),
        min_size=1,
        max_size=50,
    )
)
def test_arrivals_are_told_as_exactly_as_the_quickest_look_so_far(
    played: list[tuple[int, int]],
) -> None:
    """Each message is looked for some time after it came: (gap before it, wait), nanoseconds."""
    arrivals, quickest = Arrivals(), 10**9
    came = before = looked = 0
    for index, (gap, wait) in enumerate(played):
        arrivals.nothing(looked)
        came = max(came + gap, looked)
        step = came - before if index else 0
        before, looked = came, came + wait
        quickest = min(quickest, wait)
        told = arrivals.at(looked, step)
        assert came <= told <= came + quickest
