"""Ticks never go back, wherever the song goes, and bars stay bars."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.conductor import Conductor
from antiphon.bridge.grid import Bars
from antiphon.bridge.time_source import OwnTime, Transport
from antiphon.bridge.timeline import Timeline

MS = 1_000_000
BAR = Bars().bar_ticks


class Song:
    """A source of time that is wherever a test puts it."""

    def __init__(self) -> None:
        self.jumps = 0
        self.transport = Transport.WAITING
        self.next: Timeline | None = None

    def poll(self, now_ns: int) -> Timeline | None:
        new, self.next = self.next, None
        return new


def test_our_own_time_is_taken_as_it_is() -> None:
    own = OwnTime(Timeline.at(120, 0))
    conductor = Conductor(own, Bars())
    current = Timeline.at(100, 0)

    assert conductor.poll(0, current) == Timeline.at(120, 0)
    current = Timeline.at(120, 0)
    assert conductor.poll(MS, current) is None
    own.set_tempo(1000 * MS, 60)
    later = conductor.poll(1000 * MS, current)
    assert later is not None
    assert (later.bpm, later.tick_at(1000 * MS)) == (60, 96)


def test_a_song_that_goes_back_ends_the_answer_and_counts_on_by_whole_bars() -> None:
    song = Song()
    conductor = Conductor(song, Bars())
    current = Timeline.at(120, 0)
    now = 7000 * MS  # tick 672, in the fourth bar
    song.next, song.jumps = Timeline(current.ns_per_beat, 0, now), 1

    assert conductor.poll(now, current) is None
    assert conductor.leaving
    there = conductor.poll(now + MS, current)
    assert conductor.jumped
    assert not conductor.leaving
    assert there is not None
    assert there.tick_at(now) == 4 * BAR


def test_after_a_jump_the_tempo_goes_on_changing_in_the_new_count() -> None:
    song = Song()
    conductor = Conductor(song, Bars())
    current = Timeline.at(120, 0)
    song.next, song.jumps = Timeline.at(120, 7000 * MS), 1
    conductor.poll(7000 * MS, current)
    current = conductor.poll(7001 * MS, current) or current
    song.next = Timeline.at(120, 7000 * MS).with_tempo(60, 96)
    slower = conductor.poll(8000 * MS, current)

    assert slower is not None
    assert slower.tick_at(8000 * MS) == current.tick_at(8000 * MS) == 4 * BAR + 96


@given(st.lists(st.tuples(st.integers(1, 10**10), st.integers(-5000, 5000)), max_size=12))
def test_ticks_never_go_back(places: list[tuple[int, int]]) -> None:
    song = Song()
    conductor = Conductor(song, Bars())
    current, now, latest = Timeline.at(120, 0), 0, 0
    for wait_ns, tick in places:
        now += wait_ns
        latest = max(latest, current.tick_at(now))
        song.next, song.jumps = Timeline(current.ns_per_beat, tick, now), song.jumps + 1
        assert conductor.poll(now, current) is None
        new = conductor.poll(now + 1, current)
        assert new is not None
        assert new.tick_at(now + 1) >= latest
        assert (new.tick_at(now) - tick) % BAR == 0
        current = new


def test_what_the_clock_does_is_said_once() -> None:
    song = Song()
    conductor = Conductor(song, Bars())
    assert conductor.news() == []
    song.transport = Transport.RUNNING
    assert conductor.news() == ["The clock runs."]
    assert conductor.news() == []
    song.transport = Transport.LOST
    assert conductor.news() == ["The clock is gone: its tempo goes on."]
