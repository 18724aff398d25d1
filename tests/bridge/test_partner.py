"""The one we play with: when it may begin, what it is asked for, and where it sounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.bridge.effects import Effect, Plan, Send, Tell
from antiphon.bridge.grid import Grid
from antiphon.bridge.partner import HEARD_EVERY_NS, HORIZON_TICKS, Partner
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, Note
from antiphon.engine.protocol import MOST_NOTES, Answer, Heard, Infill
from antiphon.engine.wishes import Constraints, Feel

MS = 1_000_000
METRES = st.tuples(st.integers(1, 13), st.sampled_from([1, 2, 4, 8, 16]))


def partner(settings: Settings | None = None, *, paced: bool = True) -> Partner:
    """One whose ticks last 10 ms."""
    return Partner(settings or Settings(), Timeline.at(125, 0), paced)


def told(effects: list[Effect]) -> list[object]:
    return [effect.request for effect in effects if isinstance(effect, Tell)]


def programs(effects: list[Effect]) -> list[tuple[int, int]]:
    """(channel, program) of the sounds that are chosen."""
    messages = [effect.message for effect in effects if isinstance(effect, Send)]
    return [(midi.channel(m), m[1]) for m in messages if midi.kind(m) == midi.PROGRAM]


@pytest.mark.parametrize(
    ("at_ms", "lead_ms", "grid", "start"),
    [
        (0, 0, Grid.FREE, 1),  # in the tick that begins just then the player may still play
        (9.999, 0, Grid.FREE, 1),
        (10, 0, Grid.FREE, 2),
        (10, 9.999, Grid.FREE, 2),
        (10, 10, Grid.FREE, 3),
        (10, 0, Grid.BEAT, 24),
        (230, 0, Grid.BEAT, 24),
        (240, 0, Grid.BEAT, 48),
        (250, 0, Grid.BAR, 72),
        (-5000, 0, Grid.FREE, 0),
    ],
)
def test_an_answer_begins_on_the_first_line_of_the_grid_that_is_later(
    at_ms: float, lead_ms: float, grid: Grid, start: int
) -> None:
    settings = Settings(metre=(3, 8), grid=grid)
    assert partner(settings).soonest(round(at_ms * MS), round(lead_ms * MS)) == start


@given(
    METRES, st.sampled_from(Grid), st.integers(0, 10**11), st.integers(0, 500 * MS),
    st.floats(20, 400),
)  # fmt: skip
def test_an_answer_never_starts_sooner_than_it_can_nor_a_line_late(
    metre: tuple[int, int], grid: Grid, at_ns: int, lead_ns: int, bpm: float
) -> None:
    timeline = Timeline.at(bpm, 12_345)
    one = Partner(Settings(metre=metre, grid=grid), timeline, paced=True)
    start, step = one.soonest(at_ns, lead_ns), one.bars.step(grid)

    assert start % step == 0
    assert timeline.time_at(start) > at_ns + lead_ns
    assert start == 0 or timeline.time_at(start - step) <= at_ns + lead_ns


def test_each_request_has_its_number_and_says_what_is_wanted() -> None:
    feel = Feel(temperature=0.7)
    one = partner(Settings(own_ending=True, ends=999, takes=3))
    one.feel = feel
    rules = Constraints((0,))
    asked = told(one.ask(100, 300, rules, prompt=True, takes=3))
    again = told(one.ask(400, 500, rules, prompt=False))

    assert asked[0] == Answer(
        1, 1, 100, 300, prompt=True, may_end=True, constraints=rules, ends=999, takes=3, feel=feel
    )
    assert isinstance(again[0], Answer)
    assert (again[0].generation, again[0].takes, again[0].prompt) == (2, 0, False)
    assert (one.generation, one.takes) == (2, 1)


def test_a_gap_is_asked_for_with_what_follows_it_as_far_as_a_request_may_say() -> None:
    one = partner()
    after = [Note(200 + n, 0, 60, 5, 80) for n in range(MOST_NOTES + 9)]
    rules = Constraints((0,))

    assert told(one.fill(100, 200, after, rules)) == [
        Infill(1, 1, 100, 200, tuple(after[:MOST_NOTES]), rules)
    ]


def test_the_play_head_is_told_at_once_and_then_now_and_then() -> None:
    one = partner()
    assert told(one.ask(100, 300, Constraints((0,)), prompt=True))[1:] == [
        Heard(1, 100, HORIZON_TICKS)
    ]
    heard = [told(one.pace(1000 * MS + ms * MS, behind=7)) for ms in range(0, 250, 10)]

    assert [h for said in heard for h in said] == [
        Heard(1, 110 - 7, HORIZON_TICKS), Heard(1, 120 - 7, HORIZON_TICKS)
    ]  # fmt: skip
    assert HEARD_EVERY_NS == 100 * MS


def test_who_is_not_paced_is_told_of_no_play_head() -> None:
    one = partner(paced=False)

    assert len(told(one.ask(100, 300, Constraints((0,)), prompt=True))) == 1
    assert told(one.pace(10**12)) == []


def test_a_note_is_planned_at_its_time_on_a_channel_that_has_its_sound() -> None:
    one = partner(Settings(programs=(42,)))
    first, second = Note(100, 5, 50, 20, 80), Note(130, 5, 52, 20, 80)
    asked = one.ask(100, 300, Constraints((5,)), prompt=True)
    planned = [*one.plan(first), *one.plan(second)]
    channel = one.channels.of_answer(5)

    assert programs(asked) == [(channel, 42)]
    assert planned == [
        Plan(1000 * MS, 1200 * MS, channel, first, 1),
        Plan(1300 * MS, 1500 * MS, channel, second, 1),
    ]
    assert channel not in (0, DRUM_CHANNEL)


def test_who_was_not_announced_has_its_sound_chosen_with_its_first_note() -> None:
    one = partner()
    one.ask(0, 100, Constraints((0,)), prompt=True)
    plans = [one.plan(Note(10 * n, 5, 50, 5, 80)) for n in range(2)]

    assert [programs(effects) for effects in plans] == [[(one.channels.of_answer(5), 40)], []]


def test_drums_sound_on_their_own_channel() -> None:
    (*_, plan) = partner().plan(Note(0, DRUMS, 36, 5, 80), generation=9)

    assert isinstance(plan, Plan)
    assert (plan.channel, plan.generation) == (DRUM_CHANNEL, 9)


def test_what_was_turned_since_goes_before_the_settings() -> None:
    one = partner()
    rules = Constraints((0,), density=7)
    assert one.within(rules) == rules
    one.density = 3

    assert one.within(rules) == Constraints((0,), density=3)
