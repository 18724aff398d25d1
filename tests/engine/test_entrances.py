"""Who was asked for comes in: likelier and likelier, then for certain; and comes back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.entrances import ENTRANCE_NATS, PUSHED, RESTS, RETURNS, Entrances
from antiphon.engine.notes import INSTRUMENTS

SIZE = vocab.STYLE + 2
players = st.sets(st.integers(0, len(INSTRUMENTS) - 1))


@given(players, players, st.integers(0, 100), st.integers(1, 400), st.integers(0, 1000))
def test_notes_of_who_is_silent_and_no_others_are_favoured_by_how_late_it_is(
    asked: set[int], heard: set[int], start: int, ticks: int, tick: int
) -> None:
    entrances, at = Entrances(asked, start, ticks), start + 7
    for instrument in heard:
        entrances.heard(instrument, at)
    logits = np.random.default_rng(0).normal(size=SIZE).astype(np.float32)
    before = logits.copy()
    entrances.favour(logits, tick)
    favoured = logits - before
    whole = ticks - ticks // PUSHED
    late = min(max(tick - start, 0) / whole, 1)
    rested = min(max(tick - at - ticks // RESTS, 0) / max(1, ticks // RETURNS), 1)

    for token in (vocab.WAIT, vocab.END, vocab.STYLE, *range(vocab.NOTE, vocab.STYLE, 64)):
        instrument = vocab.instrument_pitch(token)[0] if vocab.is_note(token) else -1
        pull = (rested if instrument in heard else late) if instrument in asked else 0
        np.testing.assert_allclose(favoured[token], ENTRANCE_NATS * pull, atol=1e-5)


@given(players, players, st.integers(0, 100), st.integers(1, 400), st.integers(0, 1000))
def test_when_it_is_nearly_too_late_only_the_missing_may_begin(
    asked: set[int], heard: set[int], start: int, ticks: int, tick: int
) -> None:
    entrances = Entrances(asked, start, ticks)
    for instrument in heard:
        entrances.heard(instrument, start)
    overdue = entrances.overdue(tick)

    if tick >= start + ticks - ticks // PUSHED and asked - heard:
        assert overdue is not None
        assert set(np.flatnonzero(overdue).tolist()) == asked - heard
    else:
        assert overdue is None


def test_with_no_time_to_come_in_nobody_is_waited_for() -> None:
    entrances = Entrances({0, 16}, 0, 0)
    logits = np.zeros(SIZE, np.float32)

    entrances.favour(logits, 9999)
    assert not logits.any()
    assert entrances.overdue(9999) is None


def test_while_all_have_played_of_late_the_logits_are_passed_through_untouched() -> None:
    entrances = Entrances({3}, 0, 100)
    logits = np.zeros(SIZE, np.float32)
    entrances.favour(logits, 50)
    assert logits.any()

    entrances.heard(3, 50)
    favoured = logits.copy()
    entrances.favour(favoured, 62)
    assert favoured.tolist() == logits.tolist()

    entrances.favour(favoured, 63)
    assert favoured.tolist() != logits.tolist()
