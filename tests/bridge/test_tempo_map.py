"""Tempos of a file, from moments that are known: near enough everywhere, and few."""

from __future__ import annotations

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.tempo_map import Moment, Tempo, TempoMap
from antiphon.engine.notes import Note

MS = 1_000_000
NEAR_NS = 2 * MS
LEGS = st.lists(
    st.tuples(st.integers(1, 500), st.integers(3_000_000, 40_000_000)), min_size=1, max_size=30
)
"""(ticks, nanoseconds a tick), one leg after the other: 31 to 417 bpm."""


def moments(legs: list[tuple[int, int]]) -> list[Moment]:
    ticks = accumulate((ticks for ticks, _ in legs), initial=7)
    times = accumulate((ticks * ns for ticks, ns in legs), initial=5_000_000_000)
    return [Moment(*moment) for moment in zip(ticks, times, strict=True)]


def slow_ns_at(tempos: TempoMap, tick: int) -> float:
    """The obvious way: tick by tick."""
    ns = 0.0
    for at in range(tick):
        beat_us = [tempo.beat_us for tempo in tempos.tempos if tempo.tick <= at][-1]
        ns += beat_us * 1000 / 48
    return ns


def test_one_tempo_is_one_however_often_it_is_said() -> None:
    said = [Moment(10 * n, 125 * MS * n) for n in range(50)]

    assert TempoMap.through(said) == TempoMap((Tempo(0, 600_000),)) == TempoMap.steady(100)


def test_a_change_of_tempo_is_at_its_tick() -> None:
    played = moments([(96, 10 * MS), (48, 20 * MS), (480, 5 * MS)])

    assert TempoMap.through(played).tempos == (
        Tempo(0, 480_000), Tempo(96, 960_000), Tempo(144, 240_000)
    )  # fmt: skip


def test_a_clock_that_trembles_is_one_tempo() -> None:
    trembling = [Moment(2 * n, 20 * MS * n + (-1) ** n * MS) for n in range(500)]
    tempos = TempoMap.through(trembling)

    assert len(tempos.tempos) == 1
    assert tempos.bpm == pytest.approx(125, rel=0.002)


@given(LEGS)
def test_every_moment_is_near_where_it_was(legs: list[tuple[int, int]]) -> None:
    said = moments(legs)
    tempos = TempoMap.through(said)

    rounded = 500 * (said[-1].tick - said[0].tick) // 48 + 1
    for tick, ns in said:
        assert abs(tempos.ns_at(tick - said[0].tick) - (ns - said[0].ns)) <= NEAR_NS + rounded
    assert len(tempos.tempos) <= len(legs)
    assert [t.tick for t in tempos.tempos] == sorted({t.tick for t in tempos.tempos})


@given(LEGS, st.integers(0, 3000))
def test_times_are_those_of_all_ticks_before(legs: list[tuple[int, int]], tick: int) -> None:
    tempos = TempoMap.through(moments(legs))

    assert abs(tempos.ns_at(tick) - slow_ns_at(tempos, tick)) < 1000
    assert tempos.tick_at(tempos.ns_at(tick) + 1000) == tick
    assert tempos.ns_at(-48) == -1000 * tempos.tempos[0].beat_us


@given(LEGS, st.integers(0, 3000), st.integers(0, 3000))
def test_what_begins_later_goes_the_same_way(
    legs: list[tuple[int, int]], begin: int, tick: int
) -> None:
    tempos = TempoMap.through(moments(legs))
    later = tempos.since(begin)

    assert later.tempos[0].tick == 0
    assert abs(tempos.ns_at(begin + tick) - tempos.ns_at(begin) - later.ns_at(tick)) < 1000


def test_notes_in_milliseconds() -> None:
    tempos = TempoMap((Tempo(0, 480_000), Tempo(48, 960_000)))

    assert tempos.in_ms([Note(24, 0, 60, 48, 80), Note(96, 4, 40, 1, 70)]) == [
        Note(240, 0, 60, 720, 80), Note(1440, 4, 40, 20, 70)
    ]  # fmt: skip


def test_what_begins_before_the_first_tick_keeps_the_first_tempo() -> None:
    tempos = TempoMap((Tempo(0, 500_000), Tempo(933, 600_000)))

    assert tempos.since(-122).tempos == (Tempo(0, 500_000), Tempo(1055, 600_000))
