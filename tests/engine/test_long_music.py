"""Sessions that hear a lot at once, hold a key for ever, or go back behind what they hold."""

from __future__ import annotations

import gc
import itertools

import pytest

from antiphon.engine.desk import Desk
from antiphon.engine.model import Model
from antiphon.engine.notes import Event, Note, NoteOn, events_of
from antiphon.engine.protocol import (
    Answer,
    Cancel,
    Close,
    Done,
    Heard,
    Infill,
    Listen,
    Notes,
    Open,
    Reply,
    Request,
    Rewind,
)
from antiphon.engine.session import Session
from antiphon.engine.slots import TAPE
from antiphon.engine.tokens import Whole
from antiphon.engine.wishes import Feel
from bundles import CONTEXT, few_model, shipped_model, tiny_model

STRIDE = CONTEXT // 2
WINDOW = tiny_model().shape.window
STEP = 12
PHASE_0 = 32
"""A seed whose session moves at the beginning of a stride."""


def phrase(n: int, first: int = 0) -> tuple[Event, ...]:
    return tuple(events_of([Note(first + STEP * i, 0, 50 + i % 17, 12, 80) for i in range(n)]))


def fed(session: Session) -> Session:
    while session.has_work:
        session.step()
    return session


def answered(session: Session, at: int, number: int = 1) -> list[Note]:
    session.answer(Answer(1, number, start=at, until=at + 400, prompt=True))
    notes: list[Note] = []
    while session.answering:
        notes += session.step().notes
    return notes


def desk(model: Model) -> Desk:
    ticking = itertools.count(step=1_000_000)
    return Desk(model, "a model", lambda: next(ticking))


def test_a_piece_longer_than_all_that_is_held_can_be_told_at_once_and_answered() -> None:
    notes = 4000
    session = Session(tiny_model(), Open(1))
    for begin in range(0, notes, 1000):
        session.hear(phrase(1000, STEP * begin))
    assert answered(session, STEP * notes + 8)


@pytest.mark.parametrize("told", ["at once", "bit by bit"])
def test_a_key_held_for_longer_than_can_be_gone_back_is_answered(told: str) -> None:
    session, notes = Session(tiny_model(), Open(1, seed=PHASE_0)), 640
    assert TAPE < 3 * notes - WINDOW < STRIDE
    session.hear((NoteOn(0, 1, 40, 80),))
    for begin in range(0, notes, 16):
        session.hear(phrase(16, 1 + STEP * begin))
        if told == "bit by bit":
            fed(session)
    fed(session)
    (held,) = session.transcript.open_entries()

    assert answered(session, STEP * notes + 8)
    assert held.note.length == STEP * notes + 8


def test_going_back_behind_what_is_held_gives_the_same_whether_it_was_fed_or_not() -> None:
    notes = (STRIDE + WINDOW) // 3 - 20
    played = []
    for is_fed in (False, True):
        session = Session(tiny_model(), Open(1, seed=PHASE_0))
        session.hear(phrase(notes))
        fed(session)
        session.hear(phrase(40, STEP * notes))
        if is_fed:
            fed(session)
        assert session._cache.base == (STRIDE if is_fed else 0)
        session.rewind(STEP * notes)
        played.append((answered(session, STEP * notes + 4), session._cache.base))

    assert played[0] == played[1]


def test_who_goes_back_to_the_beginning_is_fed_while_he_plays_on() -> None:
    session = Session(tiny_model(), Open(1))
    session.hear(phrase(STRIDE))
    fed(session)
    assert session._cache.base > 0
    session.rewind(0)
    session.hear(phrase(10))
    assert session.behind == len(session.transcript.rows)
    fed(session)

    assert session.behind == 0
    assert session._cache.fed == len(session.transcript.rows)


def test_what_part_of_the_piece_it_is_does_not_change_when_its_beginning_is_let_go_of() -> None:
    session = Session(tiny_model(), Open(1))
    notes, ends = 5 * CONTEXT // 3, 10**6
    for begin in range(0, notes, 500):
        session.hear(phrase(500, 96 + STEP * begin))
        fed(session)
    session.hear(())
    assert session.transcript.origin > 96
    at = session.transcript.tick + 20
    session.answer(Answer(1, 1, start=at, until=at + 50, prompt=True, ends=ends))

    assert session.transcript.began == 96
    assert session.transcript._whole == Whole(96, ends - 96)


def test_takes_play_the_same_in_company_as_alone() -> None:
    def played(company: bool) -> list[Note]:
        here = desk(shipped_model())
        clients = a, b, c, d = [bytes([65 + n]) for n in range(4)]
        for client in clients:
            here.handle(client, Open(1))
        for client in (a, c, d):
            here.handle(client, Listen(1, phrase(4)))
        while here.busy or here.idle_ns < 500_000_000:
            here.turn()
        here.handle(b, Close(1))  # a place is free between the others
        for client in (a, c) if company else ():
            here.handle(client, Answer(1, 1, start=750, until=10**6, prompt=True))
            here.handle(client, Heard(1, 760, 10**6))
        for _ in range(5):
            here.turn()
        feel = Feel(temperature=1.1, top_p=1, min_p=0, echo=0)
        here.handle(d, Answer(1, 1, start=56, until=456, takes=1, feel=feel))
        replies: list[Reply] = []
        while not any(isinstance(reply, Done) for reply in replies):
            replies += [reply for client, reply in here.turn() if client == d]
        for client in (a, c, d):
            here.handle(client, Close(1))
        return [note for reply in replies if isinstance(reply, Notes) for note in reply.notes]

    assert played(company=True) == played(company=False)


def test_what_an_answer_took_up_is_given_back_at_once() -> None:
    gc.collect()
    gc.disable()
    try:
        before, here = few_model().pool.free, desk(few_model())
        for takes in (0, 2):
            here.handle(b"", Open(1))
            here.handle(b"", Listen(1, phrase(4)))
            here.handle(b"", Answer(1, 1, start=100, until=200, takes=takes, prompt=True))
            while not any(isinstance(reply, Done) for _, reply in here.turn()):
                pass
            while here.turn():
                pass
            here.handle(b"", Close(1))
        assert few_model().pool.free == before
    finally:
        gc.enable()


def test_hours_of_playing_make_no_circles_that_only_the_collector_could_end() -> None:
    def played(answers: int) -> int:
        """Objects that the collector finds behind so many answers, takes and gaps."""
        here = desk(few_model())
        here.handle(b"", Open(1))
        gc.collect()
        for number in range(answers):
            at = 300 * number
            here.handle(b"", Listen(1, phrase(4, at)))
            if number % 3 == 2:
                asked: Request = Infill(
                    1, number, at + 60, at + 100, after=(Note(at + 110, 0, 60, 9, 80),)
                )
            else:
                takes = 2 * (number % 3)
                asked = Answer(1, number, start=at + 60, until=at + 160, takes=takes, prompt=True)
            here.handle(b"", asked)
            while here.busy:
                here.turn()
            here.handle(b"", Rewind(1, at + 200))
        found = gc.collect()
        here.handle(b"", Close(1))
        return found

    gc.disable()
    try:
        assert played(30) <= played(3)
    finally:
        gc.enable()


def test_what_takes_drew_before_they_were_given_up_is_told() -> None:
    here = desk(few_model())
    here.handle(b"", Open(1))
    here.handle(b"", Answer(1, 1, start=0, until=10**6, takes=2, prompt=True))
    for _ in range(40):
        here.turn()
    (done,) = [r for r in here.handle(b"", Cancel(1)) if isinstance(r, Done)]

    assert done.reason == "cancelled"
    assert done.tokens > 20
    here.handle(b"", Close(1))
