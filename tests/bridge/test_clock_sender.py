from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi_clock
from antiphon.bridge.clock_follower import ClockFollower
from antiphon.bridge.clock_sender import MOST_AT_ONCE, ClockSender, Due
from antiphon.bridge.time_source import Transport
from antiphon.bridge.timeline import Timeline

MS = 1_000_000
PULSE, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"


def messages(due: list[Due]) -> list[bytes]:
    return [one.message for one in due]


def test_pulses_flow_before_the_song_starts_and_start_comes_right_before_tick_0() -> None:
    timeline = Timeline.at(120, 1000 * MS)
    sender = ClockSender(timeline, 900 * MS)
    sender.start(0)
    due = sender.due(1020 * MS, timeline)
    assert messages(due) == [PULSE] * 4 + [START, PULSE]
    assert [one.wanted_ns for one in due[-2:]] == [1000 * MS, 1000 * MS]
    assert sender.running
    assert sender.next_due_ns(timeline) == timeline.time_at(2)


def test_a_start_in_the_middle_tells_the_position() -> None:
    timeline = Timeline.at(120, 0)
    sender = ClockSender(timeline, 0)
    sender.start(96, song_tick=1205)
    sent = messages(sender.due(timeline.time_at(96), timeline))
    assert sent[-3:] == [midi_clock.song_position(100), CONTINUE, PULSE]
    assert sent[:-3] == [PULSE] * 48


def test_a_jump_while_it_runs_stops_first() -> None:
    timeline = Timeline.at(120, 0)
    sender = ClockSender(timeline, 0)
    sender.start(0)
    sender.due(0, timeline)
    sender.start(4, song_tick=24)
    assert messages(sender.due(timeline.time_at(4), timeline)) == [
        PULSE, STOP, midi_clock.song_position(2), CONTINUE, PULSE,
    ]  # fmt: skip
    assert messages(sender.stop(0)) == [STOP]
    assert sender.stop(0) == []


def test_where_the_timeline_jumps_the_song_stops_and_pulses_go_on_there() -> None:
    timeline, other = Timeline.at(120, 0), Timeline.at(60, -(10**12))
    sender = ClockSender(timeline, 0)
    sender.start(0)
    sender.due(100 * MS, timeline)
    assert messages(sender.jumped(other, 200 * MS)) == [STOP]
    assert 200 * MS <= sender.next_due_ns(other) < 242 * MS


def test_after_a_long_sleep_not_everything_comes_at_once() -> None:
    timeline = Timeline.at(120, 0)
    assert len(ClockSender(timeline, 0).due(10**12, timeline)) == MOST_AT_ONCE


@given(st.lists(st.tuples(st.integers(20, 300), st.integers(1, 300)), min_size=1, max_size=20))
def test_over_tempo_changes_every_pulse_is_sent_once_on_its_tick(
    steps: list[tuple[int, int]],
) -> None:
    now, timeline = 0, Timeline.at(120, 0)
    sender = ClockSender(timeline, now)
    sent = 0
    for bpm, wait in steps:
        timeline = timeline.with_tempo(bpm, timeline.tick_at(now))
        now += wait * MS
        for one in sender.due(now, timeline):
            assert one == Due(timeline.time_at(2 * sent), PULSE)
            sent += 1
        assert sent == timeline.tick_at(now) // 2 + 1


def test_who_follows_the_sender_is_where_the_sender_is() -> None:
    timeline = Timeline.at(97, 0)
    sender, follower = ClockSender(timeline, 0), ClockFollower(Timeline.free(0))
    sender.start(96, song_tick=960)
    heard = follower.poll(0)
    for now in range(0, 12_000 * MS, MS):
        if now == 6_000 * MS:
            timeline = timeline.with_tempo(140, timeline.tick_at(now))
        for one in sender.due(now, timeline):
            follower.receive(one.wanted_ns, one.message)
        heard = follower.poll(now) or heard
    assert heard
    assert follower.transport is Transport.RUNNING
    assert follower.jumps == 1
    for tick in range(1500, 1600):
        assert abs(heard.time_at(960 + tick - 96) - timeline.time_at(tick)) < MS
