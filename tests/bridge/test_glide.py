from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.glide import CLOSE_NS, Glide
from antiphon.bridge.timeline import Timeline

MS = 1_000_000
TEMPOS = st.integers(250 * MS, 1000 * MS)


def test_what_is_close_enough_is_left_alone() -> None:
    glide = Glide()
    glide.jump(Timeline.at(120, 0))
    assert glide.follow(5 * MS, Timeline.at(120, CLOSE_NS)) is None
    assert glide.settle(10**12) is None


@given(TEMPOS, TEMPOS, st.integers(-60, 60), st.integers(0, 3000))
def test_it_meets_what_is_meant_and_no_tick_comes_twice(
    first_ns: int, meant_ns: int, off_ms: int, at_ms: int
) -> None:
    glide = Glide()
    played, now = glide.jump(Timeline(first_ns, 0, 0)), at_ms * MS
    tick = played.tick_at(now)
    meant = Timeline(meant_ns, tick, played.time_at(tick) + off_ms * MS)
    bent = glide.follow(now, meant)
    if bent is not None:
        assert bent.time_at(tick) == played.time_at(tick)
        played = bent
    for _ in range(2000):
        now += MS
        bent = glide.settle(now)
        if bent is not None:
            assert bent.time_at(played.tick_at(now)) == played.time_at(played.tick_at(now))
            played = bent
        assert played.tick_at(now) >= tick
        tick = played.tick_at(now)
    for ahead in (0, 48):
        assert abs(played.time_at(tick + ahead) - meant.time_at(tick + ahead)) <= 2 * CLOSE_NS
