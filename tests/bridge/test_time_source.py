from __future__ import annotations

from antiphon.bridge.time_source import OwnTime, TimeSource, Transport
from antiphon.bridge.timeline import Timeline


def test_our_own_time_is_told_once_and_after_each_change() -> None:
    timeline = Timeline.at(120, 100)
    own = OwnTime(timeline)
    source: TimeSource = own
    assert (source.transport, source.jumps) == (Transport.RUNNING, 0)
    assert source.poll(100) == timeline
    assert source.poll(101) is None
    now = timeline.time_at(96) + 5
    own.set_tempo(now, 60)
    faster = source.poll(now)
    assert faster == timeline.with_tempo(60, 96)
    assert source.poll(now) is None
