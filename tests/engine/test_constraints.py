"""Hard rules: obeyed by every token they let through, and something is always let through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.constraints import MAX_SILENCE, Rules
from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.engine.wishes import Constraints

SIZE = vocab.STYLE + 2


@st.composite
def constraints_strategy(draw: st.DrawFn) -> Constraints:
    low, high = sorted(draw(st.tuples(st.integers(0, 127), st.integers(0, 127))))
    instruments = draw(st.lists(st.integers(0, DRUMS), max_size=4, unique=True))
    return Constraints(tuple(instruments), low, high, draw(st.integers(1, 6)))


def sounding_strategy() -> st.SearchStrategy[list[Note]]:
    keys = st.tuples(st.integers(0, len(INSTRUMENTS) - 1), st.integers(0, 127))
    held = st.lists(keys, max_size=12, unique=True)
    return held.map(lambda all_keys: [Note(0, *key, 100, 80) for key in all_keys])


LAST = st.none() | st.integers(vocab.NOTE, vocab.STYLE - 1)


@given(
    constraints_strategy(), sounding_strategy(), LAST, st.integers(0, 400),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_something_is_always_legal_and_all_that_is_legal_obeys(
    wishes: Constraints, sounding: list[Note], last: int | None, rest: int,
    may_wait: bool, may_end: bool,
) -> None:  # fmt: skip
    rules = Rules(SIZE, wishes)
    mask = rules.events(sounding, last, rest, may_wait=may_wait, may_end=may_end)
    held = {(n.instrument, n.pitch) for n in sounding}
    full = sum(n.instrument != DRUMS for n in sounding) >= wishes.polyphony
    allowed = np.flatnonzero(mask).tolist()

    assert [t for t in allowed if t != vocab.END], "ending alone is no music"
    assert mask[vocab.END] == may_end
    for token in (t for t in allowed if t != vocab.END and not vocab.is_wait(t)):
        instrument, pitch = vocab.instrument_pitch(token)
        assert instrument in (wishes.instruments or range(len(INSTRUMENTS)))
        assert instrument == DRUMS or wishes.lowest <= pitch <= wishes.highest
        assert (instrument, pitch) not in held
        assert last is None or token > last
        # The first note of an answer that must begin now may stand above what is still held.
        assert instrument == DRUMS or not full or (last is None and not may_wait)


@given(
    constraints_strategy(), sounding_strategy(), st.sets(st.integers(0, DRUMS), min_size=1),
    st.booleans(),
)  # fmt: skip
def test_whoever_is_overdue_begins_the_moment_if_it_can(
    wishes: Constraints, sounding: list[Note], late: set[int], crowded: bool
) -> None:
    only = np.zeros(len(INSTRUMENTS), np.bool_)
    only[list(late)] = True
    rules = Rules(SIZE, wishes)
    anyone = rules.events(sounding, None, 0, crowded=crowded).copy()
    mask = rules.events(sounding, None, 0, crowded=crowded, only=only)
    notes = [t for t in np.flatnonzero(anyone).tolist() if vocab.is_note(t)]
    theirs = [t for t in notes if vocab.instrument_pitch(t)[0] in late]

    if theirs:
        assert np.flatnonzero(mask).tolist() == theirs
    else:
        assert [t for t in np.flatnonzero(mask) if not vocab.is_wait(int(t))] == []
        assert mask.any()


@given(constraints_strategy(), sounding_strategy(), LAST)
def test_where_a_note_must_come_the_notes_are_those_that_were_legal(
    wishes: Constraints, sounding: list[Note], last: int | None
) -> None:
    rules = Rules(SIZE, wishes)
    anything = rules.events(sounding, last, 0, may_end=True).copy()
    notes = rules.events(sounding, last, 0, may_end=True, strike=True)

    assert notes.tolist() == [m and vocab.is_note(t) for t, m in enumerate(anything)]


def test_more_than_ten_instruments_are_refused() -> None:
    assert Constraints(tuple(range(10)))
    assert Constraints((0,) * 20)
    with pytest.raises(ValueError, match="11 instruments are named, and at most 10"):
        Constraints(tuple(range(11)))


@given(constraints_strategy(), st.integers(0, 400))
def test_a_rest_ends_when_it_has_lasted_long_enough(wishes: Constraints, rest: int) -> None:
    mask = Rules(SIZE, wishes).events([], None, rest)
    waits = mask[vocab.WAIT : vocab.LENGTH]
    assert waits.all() if rest < MAX_SILENCE else not waits.any()


@given(st.integers(1, 900))
def test_lengths_reach_at_least_where_they_must(least: int) -> None:
    ids = np.flatnonzero(Rules(SIZE, Constraints()).lengths(least))
    expected = [t for t in vocab.TIMES if t >= least] or [vocab.TIMES[-1]]
    assert [vocab.ticks_of(int(i)) for i in ids] == expected
    assert all(vocab.is_length(int(i)) for i in ids)


@given(st.integers(1, 900))
def test_waits_reach_the_onset_or_fall_just_short_of_it(least: int) -> None:
    ids = np.flatnonzero(Rules(SIZE, Constraints()).waits(least))
    expected = [t for t in vocab.TIMES if t >= least]
    if least not in vocab.TIMES:
        expected = [max(t for t in vocab.TIMES if t < least), *expected]
    if least > vocab.TIMES[-1]:
        expected = list(vocab.TIMES[-2:])
    assert [vocab.ticks_of(int(i)) for i in ids] == expected
    assert all(vocab.is_wait(int(i)) for i in ids)
