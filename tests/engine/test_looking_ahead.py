"""A session whose first row held moves on: what it will hold then was fed while there was time."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.cache import PHASES, base_of
from antiphon.engine.desk import Desk
from antiphon.engine.notes import Event, Note, events_of
from antiphon.engine.protocol import Answer, Close, Listen, Notes, Open
from antiphon.engine.session import Session
from antiphon.engine.slots import KEPT_FREE
from bundles import CONTEXT, far_model

STRIDE = CONTEXT // 2
WINDOW = far_model().shape.window
A_LOT = (WINDOW + STRIDE) // 3 - 40
"""Notes whose rows nearly reach to where the first row held moves on."""


def phrase(n: int, first: int) -> list[Event]:
    return list(events_of([Note(first + 12 * i, 0, 50 + i % 17, 12, 80) for i in range(n)]))


def fed(session: Session, ahead: bool) -> Session:
    while session.has_work or (ahead and session.foresees):
        session.step() if session.has_work else session.look_ahead()
    return session


def listened(session: Session, events: list[Event], ahead: bool) -> Session:
    session.hear(events)
    return fed(session, ahead)


def answered(session: Session, number: int, at: int) -> tuple[list[Note], int]:
    """The answer, and how many steps it took to its first note."""
    session.answer(Answer(1, number, start=at, until=at + 100, prompt=True))
    notes: list[Note] = []
    steps = before = 0
    while session.answering:
        steps += 1
        notes += session.step().notes
        before = before or (steps if notes else 0)
    return notes, before


@given(st.integers(0, 3 * STRIDE), st.integers(0, STRIDE - 1))
def test_the_first_row_held_moves_by_whole_strides_and_leaves_all_that_attention_reaches(
    rows: int, phase: int
) -> None:
    base = base_of(rows, WINDOW, STRIDE, phase)

    assert base == 0 or (base + phase) % STRIDE == 0
    assert base == 0 or rows - base >= WINDOW
    assert rows - base < WINDOW + STRIDE
    assert base == 0 or base_of(rows + STRIDE, WINDOW, STRIDE, phase) == base + STRIDE


def test_sessions_that_began_together_do_not_move_together() -> None:
    rows = WINDOW + STRIDE
    sessions = [listened(Session(far_model(), Open(1, seed=i)), [], False) for i in range(4)]
    bases = [session._cache._base_of(rows) for session in sessions]

    assert len(set(bases)) == len(bases)


def test_who_looked_ahead_answers_as_soon_as_ever_and_plays_the_same() -> None:
    answers = {}
    for ahead in (False, True):
        session = listened(Session(far_model(), Open(1, seed=PHASES)), phrase(A_LOT, 0), ahead)
        session.hear(phrase(60, 12 * A_LOT))
        answers[ahead] = answered(session, 1, 12 * (A_LOT + 60) + 5)
        assert session._cache.base == STRIDE
    (notes, slow), (same, quick) = answers.values()

    assert notes == same
    assert slow > 2 * quick


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 300)), min_size=2, max_size=6))
def test_whatever_is_taken_back_meanwhile_it_plays_what_who_never_looks_ahead_plays(
    detours: list[tuple[int, int]],
) -> None:
    played = []
    for ahead in (False, True):
        session = listened(
            Session(far_model(), Open(1, seed=PHASES)), phrase(A_LOT - 100, 0), ahead
        )
        at, answers = 12 * (A_LOT - 100), []
        for number, (further, back) in enumerate(detours):
            listened(session, phrase(further, at), ahead)
            at += 12 * further + 5
            answers.append(answered(session, number, at)[0])
            at -= 12 * min(back, further)
            session.rewind(at)
            fed(session, ahead)
        played.append((answers, session.logits()))

    assert played[0] == played[1]


def test_it_leaves_places_to_those_who_need_them() -> None:
    model = far_model()
    taken = [model.slot() for _ in range(model.pool.free - len(model.pool.logits) // KEPT_FREE)]
    session = listened(Session(model, Open(1)), phrase(A_LOT, 0), ahead=True)

    assert not session.foresees
    assert session._cache._ahead is None
    taken.clear()
    assert session.foresees


def test_an_engine_with_nothing_else_to_do_looks_ahead() -> None:
    clock = itertools.count(step=1_000_000)
    desk = Desk(far_model(), "far", lambda: next(clock))
    desk.handle(b"", Open(1))
    desk.handle(b"", Listen(1, tuple(phrase(A_LOT, 0))))
    while desk.busy or desk.idle_ns < 500_000_000:
        desk.turn()
    places = far_model().pool.free
    desk.handle(b"", Listen(1, tuple(phrase(60, 12 * A_LOT))))
    desk.handle(b"", Answer(1, 1, start=12 * (A_LOT + 60) + 5, until=10**6, prompt=True))
    turns = 0
    while not any(isinstance(reply, Notes) for _, reply in desk.turn()):
        turns += 1

    assert turns < 20
    assert far_model().pool.free == places


def test_who_needs_it_soonest_is_fed_ahead_first() -> None:
    clock = itertools.count(step=1_000_000)
    desk = Desk(far_model(), "far", lambda: next(clock))
    for number, seed in ((1, PHASES), (2, 1)):
        desk.handle(b"", Open(number, seed=seed))
        desk.handle(b"", Listen(number, tuple(phrase(A_LOT, 0))))
    later, sooner = (conversation.voices[0] for conversation in desk.conversations)
    assert later.foresees
    assert sooner.foresees
    while sooner.foresees:
        desk.turn()

    assert later._cache._ahead is None
    for number in (1, 2):
        desk.handle(b"", Close(number))


def test_it_looks_ahead_though_others_listen_all_the_time() -> None:
    clock = itertools.count(step=1_000_000)
    desk = Desk(far_model(), "far", lambda: next(clock))
    for client in (b"long", b"lively"):
        desk.handle(client, Open(1))
    desk.handle(b"long", Listen(1, tuple(phrase(A_LOT, 0))))
    (conversation, _) = desk.conversations
    turns = 0
    while any(voice.foresees for voice in conversation.voices.values()):
        desk.handle(b"lively", Listen(1, tuple(phrase(20, 240 * turns))))
        desk.turn()
        turns += 1

    assert turns > 20
    for client in (b"long", b"lively"):
        desk.handle(client, Close(1))


def test_a_place_fed_ahead_is_given_to_who_needs_it_and_what_is_played_stays() -> None:
    answers = []
    for needed in (False, True):
        session = listened(Session(far_model(), Open(1, seed=PHASES)), phrase(A_LOT, 0), ahead=True)
        assert session._cache._ahead is not None
        free = far_model().pool.free
        others = [far_model().slot() for _ in range(free if needed else 0)]
        assert (session._cache._ahead is None) == needed
        session.hear(phrase(60, 12 * A_LOT))
        answers.append(answered(session, 1, 12 * (A_LOT + 60) + 5)[0])
        del session, others
        assert far_model().pool.free == free + 1

    assert answers[0] == answers[1]


def test_takes_that_wait_to_be_kept_leave_the_engine_idle() -> None:
    clock = itertools.count(step=1_000_000)
    desk = Desk(far_model(), "far", lambda: next(clock))
    desk.handle(b"", Open(1))
    desk.handle(b"", Listen(1, tuple(phrase(A_LOT, 0))))
    while not far_model().pool.prefilled or desk.busy:
        desk.turn()
    desk.handle(b"", Answer(1, 1, start=12 * A_LOT, until=12 * A_LOT + 50, takes=2))
    for _ in range(2000):
        desk.turn()
    (conversation,) = desk.conversations

    assert any(voice.foresees for voice in conversation.voices.values())
    assert not desk.busy
