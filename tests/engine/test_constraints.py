"""Constraints as tables, against what their words say of each key at each tick."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.constraints import Rules, beat_ticks, wait_ids
from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.engine.wishes import Chord, Constraints, Range
from obedience import asked, in_harmony, in_range, may_sound

SIZE = vocab.STYLE + 2
WISHES = st.builds(
    Constraints,
    instruments=st.sampled_from([(), (0, 4, DRUMS)]),
    lowest=st.integers(0, 60),
    ranges=st.sampled_from([(), (Range(4, 28, 52), Range(DRUMS, 35, 59))]),
    never=st.sampled_from([(), (1, 2)]),
    scale=st.sampled_from([(), "A minor", (0, 1, 2, 3)]),
    chords=st.sampled_from([
        (), (Chord("C"),), (Chord("Am7", 0.5), Chord("E7b9", 1.5), Chord((1, 2), 1 / 3)),
    ]),
)  # fmt: skip
METRES = st.sampled_from([None, (4, 4), (3, 4), (6, 8), (5, 8), (1, 64)])


@given(WISHES, METRES, st.integers(0, 4000))
def test_the_table_of_a_tick_allows_exactly_the_notes_that_the_words_allow(
    wishes: Constraints, metre: tuple[int, int] | None, tick: int
) -> None:
    rules, told = Rules(SIZE, wishes, metre), asked(wishes)
    legal = rules.table(rules.tones(tick)) == 0

    for instrument in range(len(INSTRUMENTS)):
        for pitch in range(128):
            assert legal[vocab.note_id(instrument, pitch)] == (
                may_sound(instrument, told)
                and in_range(instrument, pitch, told)
                and in_harmony(instrument, pitch, tick, told, metre)
            )
    others = np.delete(legal, slice(vocab.NOTE, vocab.STYLE))
    assert np.flatnonzero(others).tolist() == list(range(vocab.WAIT, vocab.LENGTH))


def test_a_table_is_made_once_for_each_set_of_tones() -> None:
    rules = Rules(
        SIZE, Constraints(scale="A minor", chords=(Chord("Am"), Chord("Am/C"), Chord("C")))
    )
    tables = {id(rules.table(rules.tones(tick))) for tick in range(0, 5000, 7)}

    assert len(tables) == 3, "Am, C, and the scale between"


@pytest.mark.parametrize(
    ("metre", "ticks"), [((4, 4), 48), ((2, 2), 48), ((6, 8), 72), ((12, 8), 72), ((3, 4), 48)]
)
def test_a_beat_is_a_quarter_or_a_dotted_one(metre: tuple[int, int], ticks: int) -> None:
    assert beat_ticks(*metre) == ticks


@given(st.integers(1, 768), st.integers(1, 768))
def test_lengths_of_the_answer_lie_between_their_bounds(low: int, high: int) -> None:
    expected = [t for t in vocab.TIMES if low <= t <= high]
    if expected:
        first, behind = Rules(SIZE, Constraints(shortest=low, longest=high)).length_ids
        assert [vocab.ticks_of(i) for i in range(first, behind)] == expected
        assert all(vocab.is_length(i) for i in range(first, behind))


@given(st.integers(1, 127), st.integers(1, 127))
def test_velocities_of_the_answer_lie_between_their_bounds(low: int, high: int) -> None:
    expected = [v for v in range(8, 128, 16) if low <= v <= high]
    if expected:
        bins = range(*Rules(SIZE, Constraints(softest=low, loudest=high)).velocity_bins)
        assert [vocab.bin_velocity(b) for b in bins] == expected


@given(st.integers(1, 900))
def test_lengths_of_held_keys_reach_at_least_where_they_must(least: int) -> None:
    ids = np.flatnonzero(Rules(SIZE, Constraints(longest=12)).lengths(least))
    expected = [t for t in vocab.TIMES if t >= least] or [vocab.TIMES[-1]]
    assert [vocab.ticks_of(int(i)) for i in ids] == expected
    assert all(vocab.is_length(int(i)) for i in ids)


@given(st.integers(1, 900))
def test_waits_reach_the_onset_or_fall_just_short_of_it(least: int) -> None:
    ids = range(*wait_ids(least))
    expected = [t for t in vocab.TIMES if t >= least]
    if least not in vocab.TIMES:
        expected = [max(t for t in vocab.TIMES if t < least), *expected]
    if least > vocab.TIMES[-1]:
        expected = list(vocab.TIMES[-2:])
    assert [vocab.ticks_of(i) for i in ids] == expected
    assert all(vocab.is_wait(i) for i in ids)


def test_in_any_music_keys_that_sound_are_taken_and_chords_go_upwards() -> None:
    last = vocab.note_id(0, 60)
    legal = Rules(SIZE, Constraints()).events([Note(0, 0, 64, 9, 80)], last, may_end=True)

    assert legal[last + 1]
    assert not legal[last]
    assert not legal[vocab.note_id(0, 64)]
    assert legal[vocab.END]
    assert legal[vocab.WAIT : vocab.LENGTH].all()
    assert not legal[vocab.LENGTH : vocab.NOTE].any()
