from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.grid import Bars
from antiphon.bridge.metronome import CLICK_TICKS, HIGH, LOW, Click, Metronome, counted_in
from antiphon.bridge.timeline import Timeline

MS = 1_000_000


def listen(metronome: Metronome, timeline: Timeline, until_ns: int, step_ns: int) -> list[Click]:
    return [
        click
        for now_ns in range(timeline.time_origin_ns, until_ns, step_ns)
        for click in metronome.due(now_ns, timeline)
    ]


def strikes(clicks: list[Click]) -> list[tuple[int, int]]:
    return [(click.wanted_ns, click.message[1]) for click in clicks if click.message[0] == 0x99]


def test_a_bar_is_counted_in_and_then_it_is_quiet() -> None:
    bars = Bars((3, 4), origin=0)
    timeline = counted_in(Timeline.at(120, 0), 7_000 * MS, bars, 1)
    assert timeline.time_at(0) == 8_500 * MS
    clicks = listen(Metronome(bars, -bars.bar_ticks, until=0), timeline, 12_000 * MS, MS)
    assert strikes(clicks) == [(7000 * MS, HIGH), (7500 * MS, LOW), (8000 * MS, LOW)]


def test_the_one_is_higher_and_louder_in_every_bar() -> None:
    clicks = listen(Metronome(Bars((6, 8)), 0), Timeline.at(120, 0), 2_999 * MS, MS)
    pitches = [pitch for _, pitch in strikes(clicks)]
    assert pitches == ([HIGH] + [LOW] * 5) * 2
    loud = [click.message[2] for click in clicks if click.message[0] == 0x99]
    assert loud[0] > loud[1] == loud[2]


def test_after_a_pause_of_the_machine_only_the_latest_beat_clicks() -> None:
    metronome, timeline = Metronome(Bars(), 0), Timeline.at(60, 0)
    metronome.due(0, timeline)
    late = metronome.due(3_200 * MS, timeline)
    assert strikes(late) == [(3_000 * MS, LOW)]
    assert [click.message[0] for click in late] == [0x89, 0x99]


def test_where_the_song_jumps_the_click_ends_and_goes_on_there() -> None:
    metronome = Metronome(Bars(), 0)
    before, after = Timeline.at(60, 0), Timeline.at(60, 10_300 * MS)
    metronome.due(0, before)
    assert [click.message[0] for click in metronome.jumped(after, 10_400 * MS)] == [0x89]
    assert metronome.next_due_ns(after) == 11_300 * MS
    assert metronome.silence(0) == []


@given(
    st.integers(1, 7),
    st.sampled_from([4, 8]),
    st.integers(30, 300),
    st.lists(st.integers(1, 2000), max_size=60),
)
def test_every_click_is_ended_once_and_none_comes_early(
    beats: int, value: int, bpm: int, steps: list[int]
) -> None:
    timeline, now_ns = Timeline.at(bpm, 0), 0
    metronome = Metronome(Bars((beats, value)), 0)
    heard: list[Click] = []
    for step in steps:
        due_ns = metronome.next_due_ns(timeline)
        clicks = metronome.due(now_ns, timeline)
        assert bool(clicks) == (due_ns is not None and due_ns <= now_ns)
        assert all(click.wanted_ns <= now_ns for click in clicks)
        heard += clicks
        now_ns += step * MS
    heard += metronome.silence(now_ns)
    ons = [click.message[1] for click in heard if click.message[0] == 0x99]
    offs = [click.message[1] for click in heard if click.message[0] == 0x89]
    assert ons == offs
    kinds = [click.message[0] for click in heard]
    assert kinds == [0x99, 0x89] * len(ons)


def test_a_click_is_short() -> None:
    timeline = Timeline.at(120, 0)
    first, end = listen(Metronome(Bars(), 0), timeline, 499 * MS, MS)
    assert end.wanted_ns - first.wanted_ns == timeline.time_at(CLICK_TICKS)
