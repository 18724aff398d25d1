"""What is known of the player's instruments and hands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.ear import MARGIN, Ear
from antiphon.engine.notes import DRUMS
from antiphon.engine.wishes import MOST_INSTRUMENTS

PIANO, BASS, STRINGS = 0, 4, 5


def heard(*keys: tuple[int, int]) -> Ear:
    ear = Ear()
    for instrument, pitch in keys:
        ear.hear(instrument, pitch)
    return ear


def test_nothing_heard_says_nothing() -> None:
    assert heard().instruments == ()
    assert heard().near([PIANO]) is None


@pytest.mark.parametrize(
    ("keys", "instruments", "near"),
    [
        ([(PIANO, 60)], [PIANO], (53, 67)),
        ([(PIANO, 60), (PIANO, 48)], [PIANO], (41, 67)),
        ([(PIANO, 60), (BASS, 36)], [PIANO, BASS], (29, 67)),
        ([(PIANO, 60), (BASS, 36)], [BASS], (29, 67)),
        ([(PIANO, 3), (PIANO, 125)], [PIANO], (0, 127)),
        ([(PIANO, 60)], [STRINGS], None),
        ([(PIANO, 60)], [PIANO, STRINGS], None),
        ([(DRUMS, 36)], [DRUMS], None),
        ([(DRUMS, 36), (PIANO, 60)], [DRUMS], (53, 67)),
    ],
)
def test_an_answer_stays_near_the_hands_of_whoever_was_heard(
    keys: list[tuple[int, int]], instruments: list[int], near: tuple[int, int] | None
) -> None:
    assert heard(*keys).near(instruments) == near


@given(st.lists(st.tuples(st.integers(0, DRUMS), st.integers(0, 127)), max_size=80))
def test_it_is_the_most_heard_who_count_and_every_key_is_near(keys: list[tuple[int, int]]) -> None:
    ear = heard(*keys)
    struck = [instrument for instrument, _ in keys]
    pitches = [pitch for instrument, pitch in keys if instrument != DRUMS]

    assert len(ear.instruments) == min(MOST_INSTRUMENTS, len(set(struck)))
    counts = [struck.count(instrument) for instrument in ear.instruments]
    left_out = {*struck} - {*ear.instruments}
    assert counts == sorted(counts, reverse=True)
    assert all(struck.count(one) <= counts[-1] for one in left_out)
    if pitches:
        expected = max(0, min(pitches) - MARGIN), min(127, max(pitches) + MARGIN)
        assert ear.near({*struck}) == expected
