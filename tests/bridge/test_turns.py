"""When a phrase is over for a player hardly heard: silence against the pace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.turns import (
    FEWEST_TONES,
    FORGOTTEN_NS,
    LONGEST_WAIT_NS,
    MAX_SILENCE_NS,
    MIN_SILENCE_NS,
    SHORTEST_WAIT_NS,
    Turn,
)

MS = 1_000_000


def played(gaps_ms: list[int], held_ms: int = 50) -> Turn:
    turn, now = Turn(), 0
    for gap in gaps_ms:
        now += gap * MS
        turn.strike(now, (0, 60))
        turn.let_go(now + held_ms * MS, (0, 60))
    return turn


def test_before_the_first_key_nothing_is_over() -> None:
    assert Turn().over_at_ns is None


def test_a_key_that_is_held_is_waited_for_but_not_for_ever() -> None:
    turn = Turn()
    turn.strike(0, (0, 60))
    turn.strike(0, (0, 64))
    turn.let_go(100 * MS, (0, 60))

    assert turn.over_at_ns == 100 * MS + FORGOTTEN_NS


def test_a_note_off_that_never_comes_holds_one_turn_only() -> None:
    turn = Turn()
    turn.strike(0, (0, 60))
    after = turn.next()
    began_ns = FORGOTTEN_NS + 500 * MS
    after.strike(began_ns, (0, 64))
    after.let_go(began_ns + 100 * MS, (0, 64))

    assert after.over_at_ns == began_ns + 100 * MS + MIN_SILENCE_NS


@pytest.mark.parametrize("pedal", [False, True])
def test_whatever_is_done_first_forgets_what_was_never_let_go_of(pedal: bool) -> None:
    turn = Turn()
    turn.strike(0, (0, 60))
    after = turn.next()
    if pedal:
        after.pedal(FORGOTTEN_NS + 1000 * MS, 1, down=True)
        after.pedal(FORGOTTEN_NS + 1500 * MS, 1, down=False)
    else:
        after.let_go(FORGOTTEN_NS + 1000 * MS, (0, 72))
    began_ns = FORGOTTEN_NS + 2000 * MS
    after.strike(began_ns, (0, 64))
    after.let_go(began_ns + 100 * MS, (0, 64))

    assert after.over_at_ns == began_ns + 100 * MS + MIN_SILENCE_NS


def test_a_pedal_that_says_the_same_again_and_again_does_nothing() -> None:
    turn = Turn()
    turn.strike(0, (0, 60))
    turn.let_go(100 * MS, (0, 60))
    turn.pedal(200 * MS, 0, down=True)
    for ms in range(300, 9000, 100):
        turn.pedal(ms * MS, 0, down=True)

    assert turn.over_at_ns == 200 * MS + FORGOTTEN_NS


def test_a_bass_that_is_held_under_what_is_played_holds_the_turn() -> None:
    turn, now_ns = Turn(), 0
    turn.strike(0, (0, 36))
    for _ in range(20):
        now_ns += FORGOTTEN_NS // 10
        turn.strike(now_ns, (0, 60))
        turn.let_go(now_ns + 100 * MS, (0, 60))

    assert turn.over_at_ns == now_ns + 100 * MS + FORGOTTEN_NS
    turn.let_go(now_ns + 200 * MS, (0, 36))
    assert turn.over_at_ns < now_ns + FORGOTTEN_NS


def test_a_fast_player_is_answered_after_a_short_breath() -> None:
    assert played([0, 100, 100, 100]).over_at_ns == 350 * MS + MIN_SILENCE_NS


def test_a_slow_player_is_waited_for() -> None:
    assert played([0, 600, 600, 600]).over_at_ns == (1800 + 1200) * MS


def test_a_very_slow_player_is_not_waited_for_for_ever() -> None:
    assert played([0, 5000, 5000]).over_at_ns == 10_000 * MS + MAX_SILENCE_NS


def test_chords_say_nothing_of_the_pace() -> None:
    assert played([0, 5, 5, 600, 5, 5, 600], held_ms=1).silence_ns == 1200 * MS


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_the_silence_is_always_between_its_bounds(gaps_ms: list[int]) -> None:
    turn = played(gaps_ms, held_ms=0)

    onsets, now = [0], 0
    for gap in gaps_ms[1:]:
        now += gap
        # A chord lasts so long from its first key, not from key to key.
        onsets += [now] if now - onsets[-1] > 40 else []
    known = len(onsets) >= FEWEST_TONES
    least, most = (
        # Whoever detaches tones is waited for from where the tone would have ended.
        (SHORTEST_WAIT_NS, LONGEST_WAIT_NS + 41 * MS) if known else (MIN_SILENCE_NS, MAX_SILENCE_NS)
    )
    assert turn.over_at_ns is not None
    assert least <= turn.over_at_ns - sum(gaps_ms) * MS <= most
