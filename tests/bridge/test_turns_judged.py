"""A turn whose player has been heard for a while: cues, waits, pedals, chords."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.cues import BARS, FREE, cues
from antiphon.bridge.judge import Judgement, judge
from antiphon.bridge.melody import Melody, Place
from antiphon.bridge.shown import SHOWN_BARS, SHOWN_FREE, Outcome, Shown, likeness, moment
from antiphon.bridge.turns import (
    FEWEST_TONES,
    FORGOTTEN_NS,
    LONGEST_WAIT_NS,
    MIN_SILENCE_NS,
    SHORTEST_WAIT_NS,
    Turn,
)

MS = 1_000_000
LINE = (67, 65, 64, 62, 64, 65, 67, 67, 65, 64, 62, 60)
"""A phrase that goes home to C."""


def sung(turn: Turn, pitches: tuple[int, ...] = LINE, *, at: int = 0, last_ms: int = 1000) -> int:
    """Play one key after the other, the last longer; returns when it was let go, in ms."""
    for i, pitch in enumerate(pitches):
        turn.strike(at * MS, (0, pitch))
        at += last_ms if i == len(pitches) - 1 else 250
        turn.let_go(at * MS, (0, pitch))
    return at


def test_a_player_who_is_known_is_answered_within_the_judges_limits() -> None:
    turn = Turn()
    end = sung(turn)

    assert turn.over_at_ns is not None
    assert SHORTEST_WAIT_NS <= turn.over_at_ns - end * MS <= LONGEST_WAIT_NS


def test_a_long_tonic_is_an_end_sooner_than_a_short_leading_tone() -> None:
    home, away = Turn(), Turn()
    sung(home)
    sung(away, (*LINE[:-1], 71), last_ms=125)

    assert home.judgement.probability > away.judgement.probability
    assert home.silence_ns < away.silence_ns


def test_more_eagerness_never_waits_longer_and_does_wait_less() -> None:
    waits = []
    for eagerness in np.linspace(0, 1, 11):
        turn = Turn(eagerness=float(eagerness))
        sung(turn, last_ms=400)
        waits.append(turn.silence_ns)

    assert waits == sorted(waits, reverse=True)
    assert waits[0] > waits[-1]


def test_the_next_turn_remembers_the_player() -> None:
    turn = Turn()
    end = sung(turn)
    after = turn.next()
    after.strike((end + 5000) * MS, (0, 67))
    after.let_go((end + 5500) * MS, (0, 67))
    stranger = Turn()
    stranger.strike(0, (0, 67))
    stranger.let_go(500 * MS, (0, 67))

    assert after.first_ns == (end + 5000) * MS
    assert after.over_at_ns == (end + 5500) * MS + after.judgement.wait_ns()
    assert stranger.over_at_ns == 500 * MS + MIN_SILENCE_NS


def test_a_sustain_pedal_holds_the_turn_until_it_goes_up() -> None:
    turn = Turn()
    end = sung(turn, LINE[:-1])
    turn.pedal(end * MS, 0, down=True)
    turn.strike(end * MS, (0, 60))
    turn.let_go((end + 200) * MS, (0, 60))
    assert turn.over_at_ns == (end + 200) * MS + FORGOTTEN_NS

    turn.pedal((end + 3000) * MS, 0, down=False)
    held = Turn()
    held_end = sung(held, LINE[:-1])
    held.strike(held_end * MS, (0, 60))
    held.let_go((held_end + 3000) * MS, (0, 60))
    assert turn.over_at_ns == held.over_at_ns is not None


def test_a_pedal_held_into_the_next_turn_holds_that_too() -> None:
    turn = Turn()
    turn.pedal(0, 0, down=True)
    after = turn.next()
    after.strike(MS, (0, 60))
    after.let_go(500 * MS, (0, 60))
    assert after.over_at_ns == 500 * MS + FORGOTTEN_NS

    after.pedal(900 * MS, 0, down=False)
    assert after.over_at_ns == 900 * MS + MIN_SILENCE_NS


def test_chords_and_what_lies_far_below_change_nothing_in_the_line() -> None:
    plain, full = Turn(), Turn()
    sung(plain)
    at = 0
    for i, pitch in enumerate(LINE):
        length = 1000 if i == len(LINE) - 1 else 250
        for late, key in enumerate((pitch - 24, pitch, pitch - 12)):
            full.strike((at + 5 * late) * MS, (0, key))
        full.strike((at + 100) * MS, (0, pitch - 20))
        for key in (pitch - 24, pitch - 20, pitch - 12, pitch):
            full.let_go((at + length) * MS, (0, key))
        at += length

    assert full.judgement.probability == pytest.approx(plain.judgement.probability, abs=0.02)


def test_detached_playing_is_not_taken_for_one_end_after_another() -> None:
    melody = Melody()
    for i in range(24):
        melody.strike(i * 250 * MS, 60 + i % 5)
        melody.let_go((i * 250 + 100) * MS, 60 + i % 5)

    # Until it is known that this is how they play, each tone might be the last.
    assert len(melody.rests) <= 4
    assert melody.ends_ns == pytest.approx((23 * 250 + 250) * MS, rel=0.01)


def test_bars_add_their_cues() -> None:
    free, bars = Melody(), Melody()
    for i in range(FEWEST_TONES):
        free.strike(i * 500 * MS, 60 + i)
        bars.strike(i * 500 * MS, 60 + i, Place(float(i), 4.0, 500 * MS))
    free.let_go(4000 * MS, 65)
    bars.let_go(4000 * MS, 65)

    assert len(cues(free)) == len(FREE)
    named = dict(zip(FREE + BARS, cues(bars), strict=True))
    assert cues(bars)[: len(FREE)] == cues(free)
    assert (named["on_beat"], named["on_bar"], named["phrase_bars"]) == (1.0, 0.5, 2.0)
    assert len(Shown().cues(moment(free))) == SHOWN_FREE
    assert len(Shown().cues(moment(bars))) == SHOWN_BARS
    assert 0 < judge(cues(bars), Shown().cues(moment(bars))).probability < 1


def sung_often(turn: Turn, *, right: bool | None, times: int = 4) -> Turn:
    """The same phrase again and again; each time somebody takes over, and hears `right` or not."""
    at = sung(turn)
    for _ in range(times):
        if right is not None:
            turn.outcome(right=right)
        turn = turn.next()
        at = sung(turn, at=at + 3000)
    return turn


def test_where_answers_were_welcome_the_next_comes_more_surely_than_where_they_were_not() -> None:
    welcome, unwelcome, untold = (sung_often(Turn(), right=told) for told in (True, False, None))

    chances = [turn.judgement.probability for turn in (welcome, untold, unwelcome)]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] - chances[-1] > 0.1
    assert welcome.silence_ns < unwelcome.silence_ns


def test_who_goes_on_before_anybody_takes_over_shows_that_it_was_no_end() -> None:
    goes_on, answered = Turn(), sung_often(Turn(), right=True)
    at = 0
    for _ in range(5):
        at = sung(goes_on, at=at) + 3000

    assert goes_on.judgement.probability < answered.judgement.probability


def test_an_outcome_counts_once_and_only_after_a_phrase() -> None:
    turn, once = Turn(), Turn()
    turn.outcome(right=False)
    sung(turn)
    sung(once)
    assert turn.judgement.probability == once.judgement.probability

    once.outcome(right=False)
    for _ in range(9):
        turn.outcome(right=False)
    assert turn.judgement.probability == once.judgement.probability


def test_what_was_shown_counts_where_it_is_alike_and_less_the_longer_ago() -> None:
    def silence(pitch: int, length_ms: int) -> Melody:
        melody = Melody()
        melody.strike(0, pitch)
        melody.let_go(length_ms * MS, pitch)
        return melody

    now, alike, other = (moment(silence(*tone)) for tone in ((60, 900), (72, 950), (67, 200)))
    shown = Shown()
    shown.add(alike, Outcome.RIGHT)
    shown.add(other, Outcome.FALSE)
    table = likeness(np.array(now), np.array([alike, other]))
    lately, length, pitch, *_ = shown.cues(now)

    assert (table[1:4] == [[1, 0], [1, 0], [1, 0]]).all()
    assert table[0, 0] < table[0, 1] == 1
    assert lately < 0 < length == pitch


def test_bars_that_come_later_leave_nothing_unknown() -> None:
    shown, melody = Shown(), Melody()
    for i in range(4):
        melody.strike(i * 500 * MS, 60 + i, Place(float(i), 4.0, 500 * MS) if i > 1 else None)
        melody.let_go((i * 500 + 300) * MS, 60 + i)
        assert np.isfinite(shown.cues(moment(melody))).all()
        shown.add(moment(melody), Outcome.WENT_ON)


KEYS = st.tuples(st.integers(0, 127), st.integers(0, 1500), st.integers(1, 2500))


@given(st.lists(KEYS, min_size=1, max_size=30), st.floats(0, 1))
def test_whatever_is_played_the_judgement_is_a_chance_and_the_wait_within_its_limits(
    keys: list[tuple[int, int, int]], eagerness: float
) -> None:
    turn = Turn(eagerness=eagerness)
    events = []
    now = 0
    for pitch, gap, length in keys:
        now += gap
        events += [(now, True, pitch), (now + length, False, pitch)]
    for at, down, pitch in sorted(events):
        (turn.strike if down else turn.let_go)(at * MS, (0, pitch))

    assert turn.over_at_ns is not None
    assert turn.over_at_ns >= max(at for at, _, _ in events) * MS + SHORTEST_WAIT_NS
    judgement = turn.judgement
    assert isinstance(judgement, Judgement)
    total = judgement.ends.sum() + judgement.goes_on.sum()
    assert total == pytest.approx(1)
    assert 0 <= judgement.probability <= 1 + 1e-9
