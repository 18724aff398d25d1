"""Sessions on a real graph of random weights: listening, answering, rewinding."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.cache import base_of
from antiphon.engine.notes import Event, Note, NoteOff, NoteOn, Pedal, events_of
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.session import Progress, Session
from antiphon.engine.wishes import Constraints, Feel
from bundles import CONTEXT, tiny_model
from music import notes_strategy

FREE = Feel(temperature=1, top_p=1, min_p=0)
STRIDE = CONTEXT // 2


def session(**wishes: object) -> Session:
    return Session(tiny_model(), Open(1, **{"feel": FREE, **wishes}))  # type: ignore[arg-type]


def phrase(n: int, first: int = 0) -> list[Event]:
    return list(events_of([Note(first + 12 * i, 0, 55 + i % 12, 12, 80) for i in range(n)]))


def assert_consistent(s: Session) -> None:
    """What the cache says it holds is what the slot holds, and is of the transcript as it is."""
    cache, slot = s._cache, s._cache.slot
    assert slot.length == cache.fed - cache.base
    assert 0 <= cache.base <= cache.fed
    assert cache.current is None or cache.current == cache.fed <= len(s.transcript.rows)


def fresh_logits(s: Session) -> list[float]:
    """Logits of a session that hears, at once, exactly the notes that `s` has."""
    fresh = session()
    fresh.transcript.rows[:] = s.transcript.rows
    return fresh.logits()


def answered(s: Session, request: Answer) -> tuple[list[Note], str]:
    s.answer(request)
    notes: list[Note] = []
    while s.answering:
        progress: Progress = s.step()
        notes += progress.notes
    assert progress.reason is not None
    return notes, progress.reason


def assert_same_logits(a: Session, b: Session) -> None:
    np.testing.assert_allclose(a.logits(), b.logits(), atol=1e-4)


def test_logits_after_listening_event_by_event_equal_those_of_hearing_all_at_once() -> None:
    slowly, at_once = session(), session()
    for event in phrase(100):
        slowly.hear([event])
        while slowly.has_work:
            slowly.step()
    at_once.hear(phrase(100))

    assert_same_logits(slowly, at_once)


@given(notes_strategy(), st.integers(0, 300))
@settings(max_examples=25, deadline=None)
def test_rewind_is_exact_whatever_was_played(notes: list[Note], cut: int) -> None:
    strayed, straight = session(), session()
    events = list(events_of(notes))
    strayed.hear(events)
    answered(strayed, Answer(1, 1, start=4000, until=4200))
    strayed.rewind(cut)
    straight.hear(events)
    straight.rewind(cut)
    for s in (strayed, straight):
        s.hear(phrase(9, first=5000))

    assert_same_logits(strayed, straight)


def test_rewind_is_exact_when_the_cache_has_moved_on() -> None:
    strayed, straight = session(), session()
    window = tiny_model().shape.window
    long = phrase((window + 3 * STRIDE) // 3)
    strayed.hear(long)
    strayed.logits()
    cut = long[2 * len(long) // 3].tick
    strayed.rewind(cut)
    straight.hear([e for e in long if e.tick < cut or (e.tick == cut and isinstance(e, NoteOff))])

    assert_same_logits(strayed, straight)
    assert base_of(len(strayed.transcript.rows), window, STRIDE) > 0


def test_an_answer_starts_exactly_where_it_was_asked_to() -> None:
    s = session()
    s.hear(phrase(10))
    notes, reason = answered(s, Answer(1, 1, start=150, until=400, prompt=True))

    assert notes[0].onset == 150
    assert reason == "until"
    assert all(150 <= n.onset < 400 for n in notes)


@pytest.mark.parametrize("start", [121, 150, 205, 300, 1000, 5000])
def test_nothing_is_generated_into_the_past(start: int) -> None:
    for seed in range(5):
        s = session(seed=seed)
        s.hear(phrase(10))
        notes, _ = answered(s, Answer(1, 1, start=start, until=start + 800))
        assert all(n.onset >= start for n in notes)


def test_the_same_seed_gives_the_same_answer_and_another_seed_another() -> None:
    def answer(seed: int) -> list[Note]:
        s = session(seed=seed)
        s.hear(phrase(10))
        return answered(s, Answer(1, 1, start=130, until=600))[0]

    assert answer(5) == answer(5)
    assert answer(5) != answer(6)  # 2,000 tokens near to equally likely: odds below 10^-50


def test_an_answer_taken_again_after_a_rewind_is_the_same() -> None:
    s = session(seed=3)
    s.hear(phrase(10))
    first, _ = answered(s, Answer(1, 1, start=130, until=500))
    s.rewind(130)
    again, _ = answered(s, Answer(1, 2, start=130, until=500))

    assert first == again


def test_only_the_asked_instruments_and_keys_sound() -> None:
    s = session(constraints=Constraints(instruments=(3, 16), lowest=50, highest=60))
    s.hear(phrase(10))
    notes, _ = answered(s, Answer(1, 1, start=130, until=1200))

    assert notes
    assert {n.instrument for n in notes} <= {3, 16}
    assert all(50 <= n.pitch <= 60 for n in notes if n.instrument == 3)


@given(st.integers(0, 2**32), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_no_key_is_struck_while_its_instrument_holds_it(seed: int, polyphony: int) -> None:
    s = session(seed=seed, constraints=Constraints(polyphony=polyphony, lowest=60, highest=64))
    s.hear(phrase(3))
    notes, _ = answered(s, Answer(1, 1, start=40, until=400))

    for i, note in enumerate(notes):
        held = [n for n in notes[:i] if n.end > note.onset]
        assert (note.instrument, note.pitch) not in [(n.instrument, n.pitch) for n in held]


def test_keys_still_held_get_a_length_that_reaches_the_answer() -> None:
    s = session()
    s.hear([NoteOn(0, 0, 60, 80), NoteOn(0, 0, 64, 80), NoteOff(50, 0, 64)])
    answered(s, Answer(1, 1, start=100, until=200))
    held = s.transcript.entries[0].note

    assert held.pitch == 60
    assert held.length >= 100
    assert s.transcript.open_entries() == []


def test_an_answer_waits_for_the_play_head_at_its_horizon() -> None:
    s = session()
    s.hear(phrase(4))
    s.answer(Answer(1, 1, start=50, until=5000, prompt=True))
    s.heard(50, 96)
    notes: list[Note] = []
    while s.has_work:
        notes += s.step().notes
    assert s.answering
    assert notes

    s.heard(5000, 96)

    assert s.has_work


def test_pacing_does_not_change_what_is_played() -> None:
    paced, at_once = session(seed=1), session(seed=1)
    for s in (paced, at_once):
        s.hear(phrase(4))
    notes, _ = answered(at_once, Answer(1, 1, start=50, until=900))
    paced.answer(Answer(1, 1, start=50, until=900))
    slowly: list[Note] = []
    for position in range(0, 2000, 10):
        paced.heard(position, 48)
        while paced.has_work:
            slowly += paced.step().notes

    assert slowly == notes


def test_what_the_player_does_ends_the_answer() -> None:
    s = session()
    s.hear(phrase(4))
    s.answer(Answer(1, 1, start=50, until=5000))
    for _ in range(20):
        s.step()
    s.hear([NoteOn(60, 0, 70, 80)])

    assert not s.answering


def test_music_can_begin_from_nothing() -> None:
    s = session(styles=("chopin",), constraints=Constraints(instruments=(0,)))
    notes, _ = answered(s, Answer(1, 1, start=0, until=400, prompt=True))

    assert notes[0].onset == 0


def test_a_key_held_over_an_answer_that_was_thrown_away_is_as_long_as_it_was_held() -> None:
    strayed, straight = session(), session()
    strayed.hear([NoteOn(0, 0, 60, 80)])
    answered(strayed, Answer(1, 1, start=100, until=200))
    strayed.rewind(100)
    straight.hear([NoteOn(0, 0, 60, 80)])
    for s in (strayed, straight):
        s.hear([NoteOff(110, 0, 60)])

    assert strayed.transcript.notes() == [Note(0, 0, 60, 110, 80)]
    assert_same_logits(strayed, straight)


def test_a_key_held_for_longer_than_the_cache_reaches_does_not_stop_the_answer() -> None:
    s = session()
    s.hear([NoteOn(0, 0, 30, 80)])
    s.hear(phrase(1200, first=12))
    notes, reason = answered(s, Answer(1, 1, start=20_000, until=20_200, prompt=True))

    assert base_of(len(s.transcript.rows), tiny_model().shape.window, STRIDE) > 0
    assert notes[0].onset == 20_000
    assert reason == "until"
    assert s.transcript.entries[0].note.length >= 20_000


def test_a_key_let_go_after_the_answer_is_as_long_as_it_really_was_held() -> None:
    s = session()
    s.hear([NoteOn(0, 0, 60, 80), NoteOn(10, 0, 64, 80)])
    answered(s, Answer(1, 1, start=100, until=200))
    s.hear([NoteOff(50, 0, 60), NoteOff(120, 0, 64)])

    assert [n.length for n in s.transcript.notes()[:2]] == [50, 110]
    np.testing.assert_allclose(s.logits(), fresh_logits(s), atol=1e-4)


def test_a_rewind_turns_later_leaves_what_was_settled_long_ago_alone() -> None:
    s = session()
    s.hear([NoteOn(0, 0, 60, 80)])
    answered(s, Answer(1, 1, start=100, until=200))
    settled = s.transcript.notes()[0]
    s.hear(phrase(4, first=2000))
    s.rewind(2020)

    assert s.transcript.notes()[0] == settled
    assert s.transcript.open_entries() == []


def test_a_pedal_lifted_during_the_answer_ends_its_notes_where_it_was_lifted() -> None:
    s = session()
    s.hear([Pedal(0, 0, True), NoteOn(0, 0, 60, 80), NoteOff(20, 0, 60)])
    answered(s, Answer(1, 1, start=100, until=200))
    s.hear([Pedal(150, 0, False)])

    assert s.transcript.notes()[0].length == 150


@given(st.integers(0, 2**32), st.lists(st.integers(0, 60), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_answers_upon_answers_draw_from_the_logits_of_what_was_really_played(
    seed: int, steps: list[int]
) -> None:
    s = session(seed=seed)
    s.hear(phrase(6))
    for n, count in enumerate(steps):
        s.answer(Answer(1, n, start=100 * n + 80, until=100 * n + 400, prompt=n % 2 == 0))
        for _ in range(count):
            s.step()
            assert_consistent(s)
        playing = s._playing
        if playing is not None and playing.begun and s._cache.current == len(s.transcript.rows):
            np.testing.assert_allclose(s._cache.slot.logits, fresh_logits(s), atol=1e-4)


def test_an_answer_waits_until_the_tick_after_the_latest_note() -> None:
    s = session()
    s.hear([NoteOn(48, 5, 100, 80), NoteOff(50, 5, 100)])
    notes, _ = answered(s, Answer(1, 1, start=48, until=300, prompt=True))

    assert notes[0].onset == 49
    onsets = [(n.onset, n.instrument, n.pitch) for n in s.transcript.notes()]
    assert onsets == sorted(onsets)


@pytest.mark.parametrize("fed_before", [0, 5, 1000])
def test_what_the_cache_holds_does_not_depend_on_how_much_was_fed_in_time(fed_before: int) -> None:
    s = session(seed=4)
    s.hear(phrase((tiny_model().shape.window + 2 * STRIDE) // 3))
    for _ in range(fed_before):
        s.step()
    tick = s.transcript.tick + 20
    notes, _ = answered(s, Answer(1, 1, start=tick, until=tick + 200, prompt=True))

    at_once = session(seed=4)
    at_once.hear(phrase((tiny_model().shape.window + 2 * STRIDE) // 3))
    assert answered(at_once, Answer(1, 1, start=tick, until=tick + 200, prompt=True))[0] == notes


def test_no_more_notes_are_struck_within_a_beat_than_were_allowed() -> None:
    s = session(constraints=Constraints(density=5))
    s.hear(phrase(4))
    notes, _ = answered(s, Answer(1, 1, start=60, until=1000))

    assert len(notes) > 5
    for note in notes:
        assert sum(note.onset <= n.onset < note.onset + 48 for n in notes) <= 5


def test_what_is_so_old_that_nothing_depends_on_it_is_forgotten_and_nothing_else_changes() -> None:
    forgetful, mindful = session(seed=2), session(seed=2)
    mindful._forget = lambda: None  # type: ignore[method-assign]
    heard = 0
    for turn in range(12):
        for s in (forgetful, mindful):
            s.hear(phrase(300, first=4000 * turn))
            while s.has_work:
                s.step()
        last = 4000 * turn + 3700
        answers = [
            answered(s, Answer(1, turn, start=last, until=last + 200, prompt=True))
            for s in (forgetful, mindful)
        ]
        assert answers[0] == answers[1]
        heard = max(heard, len(forgetful.transcript.rows))
        for s in (forgetful, mindful):
            s.rewind(last - 500)
        assert_same_logits(forgetful, mindful)

    assert len(mindful.transcript.rows) > 4 * STRIDE
    assert len(forgetful.transcript.rows) <= heard < len(mindful.transcript.rows)
    assert len(forgetful.transcript.entries) < len(mindful.transcript.entries)


def test_an_answer_without_end_forgets_too_and_goes_on_as_if_it_did_not() -> None:
    forgetful, mindful = session(seed=2), session(seed=2)
    mindful._forget = lambda: None  # type: ignore[method-assign]
    played: list[list[Note]] = [[], []]
    for s, notes in zip((forgetful, mindful), played, strict=True):
        s.hear(phrase(4))
        s.answer(Answer(1, 1, start=60, until=10**7, prompt=True))
        while s.tokens < 6 * STRIDE:
            notes += s.step().notes

    assert played[0] == played[1]
    assert len(mindful.transcript.rows) > 6 * STRIDE
    assert len(forgetful.transcript.rows) < 5 * STRIDE
    for s in (forgetful, mindful):
        s.rewind(played[0][-100].onset)
    assert_same_logits(forgetful, mindful)
