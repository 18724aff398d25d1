"""A stage in the player's own time: free until the tempo is found, and bars from each phrase."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.config import Clock, Settings
from antiphon.bridge.grid import Grid
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import TICKS_PER_BEAT
from theatre import MS, PEDAL, Theatre

BEAT_NS = 600 * MS


def theatre(grid: Grid) -> Theatre:
    return Theatre(Settings(clock=Clock.GUESS, metre=(3, 4), grid=grid))


def find_tempo(t: Theatre) -> Timeline:
    """The player's beat is found: 100 a minute."""
    tick = t.stage.session.timeline.tick_at(t.now_ns)
    found = Timeline(BEAT_NS, tick, t.stage.session.timeline.time_at(tick))
    t.stage.retime(t.now_ns, found)
    return found


def test_while_no_tempo_is_found_an_answer_comes_as_soon_as_can_be() -> None:
    t = theatre(Grid.BAR)
    ended_ms = t.play(1000, 60, 62, 64)
    t.at(ended_ms, *PEDAL)

    assert t.engine.asked.start * 10 - ended_ms <= 30


@given(st.integers(0, 3000), st.sampled_from((1, 2, 5)))
def test_the_answer_begins_whole_bars_after_the_beat_that_the_phrase_began_on(
    start_ms: int, keys: int
) -> None:
    t = theatre(Grid.BAR)
    t.at(500)
    line = find_tempo(t)
    start_ms += 600
    t.at(t.play(start_ms, *range(60, 60 + keys), step_ms=300) + 50, *PEDAL)

    begun = line.tick_at(start_ms * MS)
    after = t.engine.asked.start - begun
    bar = 3 * TICKS_PER_BEAT
    off_the_line = (after + bar // 2) % bar - bar // 2
    assert after > 0
    assert abs(off_the_line) <= TICKS_PER_BEAT // 2, "the beat nearest to the first key is the one"
    assert (t.engine.asked.start) % TICKS_PER_BEAT == 0


def test_nobody_is_told_of_bars_that_nobody_knows() -> None:
    (opened,) = theatre(Grid.BEAT).engine.openings()

    assert (opened.bpm, opened.metre) == (None, None)
