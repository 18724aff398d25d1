"""MIDI clock through JACK: two processes, four tempos, a change between each two."""

from __future__ import annotations

import os

import pytest

from antiphon.bridge.clock import SystemClock
from antiphon.bridge.clock_follower import ClockFollower
from antiphon.bridge.time_source import Transport
from antiphon.bridge.timeline import Timeline
from clock_at_a_distance import STOP, ears, finish, least_latency_ns, start

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

BEATS = int(os.environ.get("ANTIPHON_CLOCK_BEATS", "6"))
"""Beats at each tempo; 64 for the full run."""
TEMPOS = (60, 97, 120, 174)
FINDS_IN = 36
"""Pulses it may take to find a tempo: a beat and a half."""
NEAR_NS = 3_000_000


def test_the_timeline_is_on_the_senders_grid_at_every_tempo() -> None:
    with ears("clock in") as listener:
        latency_ns = least_latency_ns(listener, "clock in")
        song = [(bpm, BEATS * 24) for bpm in TEMPOS]
        sender = start("clock in", song)
        follower = ClockFollower(Timeline.free(SystemClock().now_ns()), latency_ns)
        given: list[tuple[int, Timeline]] = []
        lasts_ns = sum(round(60e9 / bpm * BEATS) for bpm in TEMPOS)
        patience_ns = SystemClock().now_ns() + lasts_ns + 10**10
        for now_ns, message in listener.heard(patience_ns):
            follower.receive(now_ns, message)
            timeline = follower.poll(now_ns)
            if timeline:
                given.append((now_ns, timeline))
            if message == STOP:
                break
        sent = finish(sender)

    assert follower.transport is Transport.STOPPED
    assert follower.jumps == 1
    errors = errors_ns(sent.due_ns, given)
    found = [
        error
        for at in range(len(TEMPOS))
        for error in errors[at * BEATS * 24 + FINDS_IN : (at + 1) * BEATS * 24]
    ]
    found.sort()
    report = f"latency {latency_ns / 1e6:.2f} ms, p50 {found[len(found) // 2] / 1e6:.2f} ms"
    assert found[len(found) * 99 // 100] <= NEAR_NS, report


def errors_ns(due_ns: list[int], given: list[tuple[int, Timeline]]) -> list[int]:
    """For each pulse, how far from its moment the timeline of that moment has it."""
    errors, at = [], 0
    for number, ns in enumerate(due_ns):
        while at + 1 < len(given) and given[at + 1][0] <= ns:
            at += 1
        errors.append(abs(given[at][1].time_at(2 * number) - ns))
    return errors
