from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.grid import Bars, Grid, put_off

METRES = st.tuples(st.integers(1, 13), st.sampled_from([1, 2, 4, 8, 16]))
BARS = st.builds(Bars, METRES, st.integers(-10_000, 10_000))
GRIDS = st.sampled_from(Grid)


def test_beats_and_bars_of_common_metres() -> None:
    assert (Bars((4, 4)).beat_ticks, Bars((4, 4)).bar_ticks) == (48, 192)
    assert (Bars((6, 8)).beat_ticks, Bars((6, 8)).bar_ticks) == (24, 144)
    assert [Bars((3, 4)).beat_of(tick) for tick in (-1, 0, 47, 48, 144)] == [
        (-1, 2), (0, 0), (0, 0), (0, 1), (1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize("metre", [(0, 4), (4, 3), (4, 0), (4, 32)])
def test_bars_that_cannot_be_are_refused(metre: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="bars"):
        Bars(metre)


@given(BARS, GRIDS, st.integers(-20_000, 20_000))
def test_the_next_line_is_the_first_that_is_not_before(bars: Bars, grid: Grid, tick: int) -> None:
    slow = next(t for t in range(tick, tick + 10_000) if (t - bars.origin) % bars.step(grid) == 0)
    assert bars.line_at_or_after(tick, grid) == slow


def test_a_late_answer_moves_by_whole_bars() -> None:
    assert put_off(192, 192, 192) == 0
    assert put_off(192, 193, 192) == 192
    assert put_off(192, 600, 192) == 576
    assert put_off(192, 0, 192) == 0


@given(st.integers(-9999, 9999), st.integers(-9999, 9999), st.integers(1, 500))
def test_a_late_answer_waits_no_longer_than_it_must(start: int, soonest: int, step: int) -> None:
    by = put_off(start, soonest, step)
    assert by % step == 0
    assert start + by >= soonest or by == 0 <= start - soonest
    assert by == 0 or start + by - step < soonest
