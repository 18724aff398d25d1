from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi_clock
from antiphon.bridge.clock_follower import LOST_NS, ClockFollower
from antiphon.bridge.time_source import TimeSource, Transport
from antiphon.bridge.timeline import Timeline
from clock_noise import MS, pulses, through_server

PULSE, START, CONTINUE, STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"
PERIODS_NS = [round(frames * 1e9 / 48_000) for frames in (64, 128, 256, 512)]
NEAR_NS = 3 * MS


class Follower:
    """A follower with its timeline, polled as the loop would."""

    def __init__(self, latency_ns: int = 0) -> None:
        self.source = ClockFollower(Timeline.free(0), latency_ns)
        timeline = self.source.poll(0)
        assert timeline
        self.timeline, self.changes = timeline, 0

    def doing(self) -> Transport:
        return self.source.transport

    def hear(self, ns: int, *messages: bytes) -> None:
        for message in messages:
            self.source.receive(ns, message)
        self.poll(ns)

    def poll(self, ns: int) -> None:
        timeline = self.source.poll(ns)
        if timeline:
            self.timeline, self.changes = timeline, self.changes + 1


def errors_ns(due: list[int], arrivals: list[int], follower: Follower) -> list[int]:
    """For each pulse, how far from its moment the timeline has it, at that moment."""
    follower.hear(arrivals[0], START)
    events = sorted([(ns, 0, n) for n, ns in enumerate(arrivals)])
    events = sorted(events + [(ns, 1, n) for n, ns in enumerate(due)])
    errors = []
    for ns, is_due, n in events:
        if is_due:
            errors.append(abs(follower.timeline.time_at(2 * n) - ns))
        else:
            follower.hear(ns, PULSE)
    return errors


@pytest.mark.parametrize("bpm", [60, 97, 120, 174])
@pytest.mark.parametrize("period_ns", PERIODS_NS)
def test_after_two_beats_it_is_within_three_milliseconds(bpm: int, period_ns: int) -> None:
    due = pulses((bpm, bpm, 24))
    follower = Follower()
    errors = errors_ns(due, through_server(due, period_ns, Random(bpm)), follower)
    assert max(errors[48:]) < NEAR_NS
    assert follower.timeline.bpm == pytest.approx(bpm, rel=0.02)
    assert follower.changes < len(due) / 2


@pytest.mark.parametrize("bpm", [60, 97, 120, 174])
def test_through_a_server_as_slow_as_its_pulses_it_takes_four_beats(bpm: int) -> None:
    due = pulses((bpm, bpm, 24))
    errors = errors_ns(due, through_server(due, 21_333_333, Random(bpm)), Follower())
    assert max(errors[96:]) < NEAR_NS


@pytest.mark.parametrize("change", [(120, 97), (120, 121), (97, 174), (174, 60)])
def test_a_beat_and_a_half_after_another_tempo_it_is_there(change: tuple[int, int]) -> None:
    before, after = change
    due = pulses((before, before, 8), (after, after, 12))
    for period_ns in PERIODS_NS[:2]:
        errors = errors_ns(due, through_server(due, period_ns, Random(before)), Follower())
        assert max(errors[8 * 24 + 36 :]) < NEAR_NS


def test_it_keeps_up_with_a_tempo_that_grows() -> None:
    due = pulses((100, 100, 8), (100, 140, 16), (140, 140, 4))
    errors = errors_ns(due, through_server(due, PERIODS_NS[1], Random(1)), Follower())
    assert max(errors[48:]) < 3 * NEAR_NS
    assert max(errors[-48:]) < NEAR_NS


def test_the_way_in_is_made_up_for() -> None:
    due = pulses((120, 120, 8))
    follower = Follower(latency_ns=7 * MS)
    errors = errors_ns(due, [ns + 7 * MS for ns in due], follower)
    assert max(errors[48:]) < MS


def test_it_waits_runs_stops_and_goes_on_where_it_stopped() -> None:
    follower, due = Follower(), pulses((120, 120, 8))
    assert follower.doing() is Transport.WAITING
    for ns in due[:24]:
        follower.hear(ns, PULSE)
    assert follower.doing() is Transport.STOPPED
    assert (follower.source.position, follower.source.jumps) == (0, 0)
    follower.hear(due[24], START, PULSE)
    for ns in due[25:60]:
        follower.hear(ns, PULSE)
    assert follower.doing() is Transport.RUNNING
    assert follower.source.position == 6
    assert follower.timeline.tick_at(due[59]) in (69, 70)
    follower.hear(due[60], STOP)
    for ns in due[60:100]:
        follower.hear(ns, PULSE)
    assert follower.source.position == 6
    follower.hear(due[100], CONTINUE, PULSE)
    assert follower.timeline.tick_at(due[100] + MS) == 72
    assert follower.source.jumps == 2


def test_song_position_says_where_it_continues() -> None:
    follower, due = Follower(), pulses((120, 120, 4))
    follower.hear(due[0], midi_clock.song_position(5000), CONTINUE, PULSE)
    assert follower.timeline.tick_at(due[0] + MS) == 5000 * 12
    assert (follower.source.position, follower.source.jumps) == (5000, 1)


def test_telling_the_position_it_has_is_no_jump() -> None:
    follower, due = Follower(), pulses((120, 120, 4))
    follower.hear(due[0], START)
    for n, ns in enumerate(due):
        if n % 24 == 0:
            follower.hear(ns, midi_clock.song_position(n // 6))
        follower.hear(ns, PULSE)
    assert follower.source.jumps <= 1
    assert follower.timeline.tick_at(due[-1] + MS) == 2 * (len(due) - 1)


def test_a_lost_clock_is_told_and_its_tempo_goes_on() -> None:
    follower, due = Follower(), pulses((97, 97, 16))
    follower.hear(due[0], START)
    for ns in due[:96]:
        follower.hear(ns, PULSE)
    follower.poll(due[95] + LOST_NS)
    assert follower.doing() is Transport.RUNNING
    follower.poll(due[95] + LOST_NS + 1)
    assert follower.doing() is Transport.LOST
    for ns in due[144:]:
        follower.hear(ns, PULSE)
    assert follower.doing() is Transport.RUNNING
    assert follower.source.jumps == 1
    assert abs(follower.timeline.time_at(2 * 383) - due[383]) < NEAR_NS


@pytest.mark.parametrize("lost", [1, 2, 5])
def test_pulses_lost_on_the_way_are_made_up_for(lost: int) -> None:
    due = pulses((97, 97, 16))
    arrivals = through_server(due, PERIODS_NS[1], Random(lost))
    follower = Follower()
    follower.hear(arrivals[0], START)
    for n, ns in enumerate(arrivals):
        if not 150 <= n < 150 + lost:
            follower.hear(ns, PULSE)
        if n >= 150 + lost + 36 or 48 <= n < 150:
            assert abs(follower.timeline.time_at(2 * n) - due[n]) < NEAR_NS
    assert follower.source.jumps == 1
    assert follower.source.position == len(due) // 6


def test_an_echo_in_the_place_of_a_pulse_moves_nothing() -> None:
    due = pulses((174, 174, 16))
    arrivals = through_server(due, PERIODS_NS[1], Random(1))
    arrivals[200] = arrivals[199] + 2 * MS
    assert max(errors_ns(due, arrivals, Follower())[48:]) < NEAR_NS


def test_a_pulse_that_comes_twice_is_counted_once() -> None:
    due = pulses((120, 120, 16))
    arrivals = through_server(due, PERIODS_NS[1], Random(2))
    follower = Follower()
    follower.hear(arrivals[0], START)
    for n, ns in enumerate(arrivals):
        follower.hear(ns, *([PULSE] * (2 if n == 150 else 1)))
        if n > 200:
            assert abs(follower.timeline.time_at(2 * n) - due[n]) < NEAR_NS


@pytest.mark.parametrize("held_up_ms", [40, 200, 400, 700, 3000])
def test_pulses_that_were_held_up_and_come_all_at_once_are_not_lost(held_up_ms: int) -> None:
    due = pulses((120, 120, 24))
    arrivals = through_server(due, PERIODS_NS[1], Random(1))
    free_ns = arrivals[200] + held_up_ms * MS
    arrivals = [max(ns, free_ns) if n >= 200 else ns for n, ns in enumerate(arrivals)]
    follower = Follower()
    errors = errors_ns(due, arrivals, follower)
    settled = next(n for n, ns in enumerate(due) if ns > free_ns) + 36
    assert max(errors[settled:]) < NEAR_NS
    assert follower.source.jumps == 1


def test_a_clock_that_stops_and_then_is_silent_is_not_lost() -> None:
    follower = Follower()
    follower.hear(0, START, PULSE, STOP)
    follower.poll(10**12)
    assert follower.doing() is Transport.STOPPED


CLOCK_BYTES = st.sampled_from([PULSE] * 6 + [START, CONTINUE, STOP, b"\xf2\x10\x00", b"\xfe"])


@given(st.lists(st.tuples(st.integers(0, 700 * MS), CLOCK_BYTES), max_size=200))
def test_whatever_comes_no_tick_comes_twice_but_by_a_jump(
    messages: list[tuple[int, bytes]],
) -> None:
    source: TimeSource = (follower := Follower()).source
    now = tick = 0
    for wait, message in messages:
        jumps, now = source.jumps, now + wait
        follower.poll(now - wait // 2)
        follower.hear(now, message)
        if source.jumps == jumps:
            assert follower.timeline.tick_at(now) >= tick
        tick = follower.timeline.tick_at(now)
