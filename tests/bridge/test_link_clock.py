from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.link_clock import timeline_of
from antiphon.bridge.link_peer import SIZE, Beat

BEATS = st.builds(
    Beat,
    st.floats(-1000, 10**6),
    st.floats(20, 999),
    st.integers(0, 2**62),
    st.integers(0, 100),
    st.booleans(),
)


@given(BEATS)
def test_a_beat_comes_through_the_pipe_as_it_went_in(beat: Beat) -> None:
    assert len(beat.encode()) == SIZE
    assert Beat.decode(beat.encode()) == beat


@given(BEATS)
def test_the_timeline_has_the_beat_at_its_moment(beat: Beat) -> None:
    timeline = timeline_of(beat)
    assert abs(timeline.tick_at(beat.ns) - beat.beat * 48) <= 1
    assert abs(timeline.bpm - beat.bpm) < 0.001
