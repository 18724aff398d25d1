"""An answer while a MIDI clock changes its tempo: follower and schedule together."""

from __future__ import annotations

from random import Random

import pytest

from antiphon.bridge.clock_follower import ClockFollower
from antiphon.bridge.scheduler import Scheduler, Sent
from antiphon.bridge.timeline import Timeline
from clock_noise import MS, pulses, through_server

PERIOD_NS = 2_666_667
STEP, LENGTH = 12, 9
"""Ticks from one note of the answer to the next, and how long each is."""
HORIZON = 4 * 48
BEATS = 8
FINDS_IN = 36


def play(due: list[int], arrivals: list[int]) -> list[Sent]:
    """Sixteenths all the time, planned four beats ahead and sounded every millisecond."""
    follower, scheduler, sent = ClockFollower(Timeline.free(0)), Scheduler(), list[Sent]()
    follower.receive(arrivals[0], b"\xfa")
    follower.receive(arrivals[0], b"\xf8")
    timeline = follower.poll(arrivals[0])
    assert timeline
    heard, planned = 1, STEP
    for now in range(arrivals[0], due[-1], MS):
        while arrivals[heard] <= now:
            follower.receive(arrivals[heard], b"\xf8")
            heard += 1
        another = follower.poll(now)
        if another:
            scheduler.retime(timeline, another)
            timeline = another
        while planned < timeline.tick_at(now) + HORIZON:
            on_ns, off_ns = timeline.time_at(planned), timeline.time_at(planned + LENGTH)
            scheduler.add(on_ns, off_ns, 0, 60 + planned // STEP % 12, 64, planned)
            planned += STEP
        sent += scheduler.due(now)
    return sent


@pytest.mark.parametrize("tempos", [(60, 97), (97, 120), (120, 174), (174, 60)])
def test_answer_notes_are_on_the_senders_grid_and_every_one_ends(tempos: tuple[int, int]) -> None:
    due = pulses(*((bpm, bpm, BEATS) for bpm in tempos))
    sent = play(due, through_server(due, PERIOD_NS, Random(1)))
    ons = [one for one in sent if one.message[0] == 0x90]
    assert [one.generation for one in ons] == [STEP * n for n in range(1, len(ons) + 1)]
    assert len(ons) >= len(due) // 6 - 2
    for one in ons:
        pulse = one.generation // 2
        if pulse % (BEATS * 24) >= FINDS_IN:
            assert abs(one.wanted_ns - due[pulse]) < 3 * MS
    for number, one in enumerate(sent):
        if one.message[0] == 0x80:
            before = [e for e in sent[:number] if e.message[1] == one.message[1]]
            assert before[-1].message[0] == 0x90
            assert before[-1].generation == one.generation
            assert one.wanted_ns > before[-1].wanted_ns
