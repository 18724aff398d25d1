from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.timeline import Timeline

TICKS = st.integers(-(2**40), 2**40)
TIMES = st.integers(-(2**62), 2**62)
TIMELINES = st.builds(Timeline, st.integers(48, 60_000_000_000), TICKS, TIMES)


def test_free_time_is_120_bpm() -> None:
    free = Timeline.free(1_000)
    assert free.time_at(0) == 1_000
    assert free.time_at(96) == 1_000 + 1_000_000_000
    assert free.bpm == 120


def test_a_tick_lasts_until_the_next_begins() -> None:
    timeline = Timeline.at(97, 5)
    begin, end = timeline.time_at(7), timeline.time_at(8)
    assert timeline.tick_at(begin) == timeline.tick_at(end - 1) == 7
    assert timeline.tick_at(begin - 1) == 6


@given(TIMELINES, TICKS)
def test_the_two_methods_are_inverse(timeline: Timeline, tick: int) -> None:
    assert timeline.tick_at(timeline.time_at(tick)) == tick


@given(TIMELINES, TIMES)
def test_a_moment_lies_in_its_tick(timeline: Timeline, ns: int) -> None:
    tick = timeline.tick_at(ns)
    assert timeline.time_at(tick) <= ns < timeline.time_at(tick + 1)


@given(TIMELINES, st.floats(1, 1000), TICKS)
def test_a_new_tempo_keeps_its_moment(timeline: Timeline, bpm: float, tick: int) -> None:
    changed = timeline.with_tempo(bpm, tick)
    assert changed.time_at(tick) == timeline.time_at(tick)
    assert changed.bpm == pytest.approx(bpm)


@pytest.mark.parametrize("bpm", [0, -1, 1001, float("nan"), float("inf")])
def test_impossible_tempos_are_refused(bpm: float) -> None:
    with pytest.raises(ValueError, match="tempo"):
        Timeline.at(bpm, 0)


def test_a_beat_shorter_than_its_ticks_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Timeline(47, 0, 0)


@given(TIMELINES, TIMELINES, TICKS)
def test_what_is_carried_over_keeps_its_tick(a: Timeline, b: Timeline, tick: int) -> None:
    assert a.carry(a.time_at(tick), b) == b.time_at(tick)
    assert b.carry(a.carry(a.time_at(tick), b), a) == a.time_at(tick)


@given(TIMELINES, TIMELINES, TIMES, st.integers(0, 10**12))
def test_what_is_carried_over_keeps_its_order(a: Timeline, b: Timeline, ns: int, by: int) -> None:
    assert a.carry(ns, b) <= a.carry(ns + by, b)
    assert b.tick_at(a.carry(ns, b)) == a.tick_at(ns)


@given(TIMELINES, TIMES, TICKS)
def test_counted_on_moves_no_moment(timeline: Timeline, ns: int, by: int) -> None:
    assert timeline.counted_on(by).tick_at(ns) == timeline.tick_at(ns) + by
