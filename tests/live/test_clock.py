"""MIDI clock through JACK: two processes, four tempos, a change between each two."""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest

from antiphon.bridge.clock import SystemClock
from antiphon.bridge.clock_follower import ClockFollower
from antiphon.bridge.time_source import Transport
from antiphon.bridge.timeline import Timeline
from clock_at_a_distance import PULSE, STOP, Sent, ears, finish, least_latency_ns, start
from standstill import undisturbed, watched

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

BEATS = int(os.environ.get("ANTIPHON_CLOCK_BEATS", "6"))
"""Beats at each tempo; 64, with `--timeout 1200`, for the full run: three minutes a try."""
TEMPOS = (60, 97, 120, 174)
FINDS_IN = 36
"""Pulses it may take to find a tempo: a beat and a half."""
NEAR_NS = 3_000_000


class Followed(NamedTuple):
    """One song, as it was followed."""

    follower: ClockFollower
    sent: Sent
    given: list[tuple[int, Timeline]]
    """Each timeline and when it was given."""
    lost: int
    """Pulses that were sent and did not arrive."""
    disturbance: float
    """Of the machine, during the song."""

    def disturbed(self) -> float:
        """How much: where JACK misses its deadlines messages are lost, and no tempo is found."""
        return self.disturbance + self.lost


def follow() -> Followed:
    with watched() as machine, ears("clock in") as listener:
        latency_ns = least_latency_ns(listener, "clock in")
        sender = start("clock in", [(bpm, BEATS * 24) for bpm in TEMPOS])
        follower = ClockFollower(Timeline.free(SystemClock().now_ns()), latency_ns)
        given, arrived = [], 0
        lasts_ns = sum(round(60e9 / bpm * BEATS) for bpm in TEMPOS)
        patience_ns = SystemClock().now_ns() + lasts_ns + 10**10
        for now_ns, message in listener.heard(patience_ns):
            arrived += message == PULSE
            follower.receive(now_ns, message)
            if (timeline := follower.poll(now_ns)) is not None:
                given.append((now_ns, timeline))
            if message == STOP:
                break
        sent = finish(sender)
    disturbance = machine.disturbance(sent.due_ns[0], sent.due_ns[-1])
    return Followed(follower, sent, given, len(sent.due_ns) - arrived, disturbance)


def test_the_timeline_is_on_the_senders_grid_at_every_tempo() -> None:
    followed = undisturbed(follow, Followed.disturbed)

    assert followed.lost == 0
    assert followed.follower.transport is Transport.STOPPED
    assert followed.follower.jumps == 1
    errors = errors_ns(followed.sent.due_ns, followed.given)
    for at, bpm in enumerate(TEMPOS):
        found = sorted(errors[at * BEATS * 24 + FINDS_IN : (at + 1) * BEATS * 24])
        assert found[len(found) * 99 // 100] <= NEAR_NS, f"at {bpm} bpm"


def errors_ns(due_ns: list[int], given: list[tuple[int, Timeline]]) -> list[int]:
    """For each pulse, how far from its moment the timeline of that moment has it."""
    errors, at = [], 0
    for number, ns in enumerate(due_ns):
        while at + 1 < len(given) and given[at + 1][0] <= ns:
            at += 1
        errors.append(abs(given[at][1].time_at(2 * number) - ns))
    return errors
