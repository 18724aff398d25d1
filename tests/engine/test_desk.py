"""Conversations with the engine, no sockets, on a clock that moves by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from antiphon.engine.conversation import PATIENCE_NS
from antiphon.engine.desk import LOOK_EVERY_NS, MAX_SESSIONS, MAX_SESSIONS_EACH, SILENT_NS, Desk
from antiphon.engine.notes import Note, NoteOn, events_of
from antiphon.engine.protocol import (
    VERSION,
    Answer,
    Cancel,
    Close,
    Done,
    Error,
    Heard,
    Hello,
    Infill,
    Listen,
    Notes,
    Open,
    Opened,
    Ping,
    Pong,
    Reply,
    Request,
    Rewind,
    Status,
    StatusRequest,
    Welcome,
)
from bundles import STYLES, tiny_model

ALICE, BOB = b"alice", b"bob"
PHRASE = tuple(events_of([Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]))


class Talk:
    """A desk and its clock; every step of work takes a millisecond."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000
        self.desk = Desk(tiny_model(), "tiny", lambda: self.now_ns)

    def say(self, request: Request, client: bytes = ALICE) -> list[Reply]:
        return self.desk.handle(client, request)

    def work(self, most: int = 10_000) -> list[tuple[bytes, Reply]]:
        replies = []
        while self.desk.busy and most:
            self.now_ns += 1_000_000
            replies += self.desk.turn()
            most -= 1
        return replies

    def sessions(self) -> int:
        (status,) = self.say(StatusRequest(), b"observer")
        assert isinstance(status, Status)
        return status.sessions


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.now_ns += 2 * SILENT_NS
    talk.desk.forget_silent()  # the places of its sessions are free again


def test_a_conversation_from_hello_to_close(talk: Talk) -> None:
    assert talk.say(Hello(VERSION, "test")) == [Welcome(VERSION, "tiny", STYLES)]
    assert talk.say(Open(1, seed=3)) == [Opened(1)]
    assert talk.say(Listen(1, PHRASE)) == []
    talk.work()
    assert talk.say(Answer(1, 7, start=200, until=600, prompt=True)) == []

    *told, (_, done) = talk.work()

    notes = [n for _, reply in told if isinstance(reply, Notes) for n in reply.notes]
    assert all(isinstance(r, Notes) and (r.session, r.generation) == (1, 7) for _, r in told)
    assert notes[0].onset == 200
    assert notes == sorted(notes, key=lambda n: n.onset)
    assert isinstance(done, Done)
    assert (done.session, done.generation, done.reason) == (1, 7, "until")
    assert done.first_note_us is not None
    assert 0 < done.first_note_us <= done.total_us
    assert done.tokens >= 2 * len(notes)
    assert talk.say(Close(1)) == []
    assert talk.sessions() == 0


def test_a_gap_is_filled_as_an_answer_is_given(talk: Talk) -> None:
    talk.say(Open(1, seed=3))
    talk.say(Listen(1, PHRASE))
    talk.work()
    assert talk.say(Infill(1, 8, start=400, until=4000, after=(Note(4000, 0, 60, 24, 80),))) == []

    *told, (_, done) = talk.work()

    notes = [n for _, reply in told if isinstance(reply, Notes) for n in reply.notes]
    assert notes
    assert all(400 <= n.onset < 4000 for n in notes)
    assert all(isinstance(r, Notes) and (r.session, r.generation) == (1, 8) for _, r in told)
    assert isinstance(done, Done)
    assert (done.generation, done.tokens > 0) == (8, True)
    assert done.reason in ("until", "end")


def test_a_gap_is_left_when_something_else_is_asked_for(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Infill(1, 4, 0, 100_000))
    talk.work(most=20)
    (done,) = talk.say(Answer(1, 5, 2000, 2200))
    generations = {r.generation for _, r in talk.work() if isinstance(r, Notes | Done)}

    assert isinstance(done, Done)
    assert (done.generation, done.reason) == (4, "cancelled")
    assert generations == {5}


def test_replies_go_to_whoever_asked(talk: Talk) -> None:
    for client, generation in ((ALICE, 1), (BOB, 2)):
        talk.say(Open(1), client)
        talk.say(Answer(1, generation, 0, 300, prompt=True), client)

    for client, reply in talk.work():
        assert isinstance(reply, Notes | Done)
        assert reply.generation == (1 if client == ALICE else 2)


def test_sessions_do_not_disturb_each_other(talk: Talk) -> None:
    def answer(clients: list[bytes]) -> list[Reply]:
        for client in clients:
            talk.say(Open(1, seed=9), client)
            talk.say(Listen(1, PHRASE), client)
            talk.say(Answer(1, 1, 200, 500), client)
        heard = [r for client, r in talk.work() if client == ALICE and isinstance(r, Notes)]
        for client in clients:
            talk.say(Close(1), client)
        return list(heard)

    assert answer([ALICE]) == answer([BOB, ALICE, b"carol"])


def test_the_first_notes_leave_before_the_answer_is_complete(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 1, 0, 3000, prompt=True))
    first: list[tuple[bytes, Reply]] = []
    while not first:
        first = talk.work(most=1)

    assert isinstance(first[0][1], Notes)
    assert talk.desk.busy


@pytest.mark.parametrize(
    "request_",
    [
        Listen(9, ()), Answer(9, 1, 0, 10), Infill(9, 1, 0, 10), Heard(9, 0, 0), Rewind(9, 0),
        Cancel(9),
    ],
)  # fmt: skip
def test_a_session_that_was_never_opened_is_unknown(talk: Talk, request_: Request) -> None:
    (error,) = talk.say(request_)
    assert isinstance(error, Error)
    assert (error.code, error.whose, error.session) == ("unknown-session", "client", 9)


def test_one_clients_session_is_unknown_to_another(talk: Talk) -> None:
    talk.say(Open(1))
    (error,) = talk.say(Cancel(1), BOB)
    assert isinstance(error, Error)


@pytest.mark.parametrize(
    "interruption", [Listen(1, PHRASE[:1]), Cancel(1), Rewind(1, 0), Close(1), Open(1)]
)
def test_an_interruption_ends_the_answer_and_says_so(talk: Talk, interruption: Request) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 4, 0, 100_000, prompt=True))
    talk.work(most=20)

    replies = talk.say(interruption)

    assert isinstance(replies[0], Done)
    assert (replies[0].generation, replies[0].reason) == (4, "cancelled")
    assert not [r for _, r in talk.work() if isinstance(r, Notes | Done)]


def test_a_new_question_replaces_the_old_one(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 1, 0, 100_000, prompt=True))
    talk.work(most=20)
    (done,) = talk.say(Answer(1, 2, 2000, 2200))
    generations = {r.generation for _, r in talk.work() if isinstance(r, Notes | Done)}

    assert isinstance(done, Done)
    assert (done.generation, done.reason) == (1, "cancelled")
    assert generations == {2}


def test_where_the_player_is_does_not_interrupt(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 1, 0, 2000, prompt=True))
    assert talk.say(Heard(1, 0, 96)) == []
    assert isinstance(talk.work()[-1][1], Notes), "it waits at the horizon"

    talk.say(Heard(1, 2000, 96))

    assert isinstance(talk.work()[-1][1], Done)


def test_a_style_nobody_knows_refuses_the_session(talk: Talk) -> None:
    (error,) = talk.say(Open(1, styles=("Nobody",)))
    assert isinstance(error, Error)
    assert (error.code, error.whose) == ("refused", "client")
    assert talk.sessions() == 0


def test_a_full_engine_refuses_and_makes_room_again(talk: Talk) -> None:
    clients = [bytes([n]) for n in range(MAX_SESSIONS // MAX_SESSIONS_EACH)]
    for client in clients:
        for i in range(MAX_SESSIONS_EACH):
            assert talk.say(Open(i), client) == [Opened(i)]
    (error,) = talk.say(Open(0), BOB)
    assert isinstance(error, Error)
    assert (error.code, error.whose) == ("refused", "engine")

    talk.say(Close(0), clients[0])

    assert talk.say(Open(0), BOB) == [Opened(0)]


def test_it_says_how_many_more_sessions_fit_and_refuses_the_next_when_none_does(talk: Talk) -> None:
    desk = Desk(tiny_model(), "tiny", lambda: talk.now_ns, capacity=3)
    for i, room in enumerate((3, 2, 1)):
        (status,) = desk.handle(ALICE, StatusRequest())
        assert isinstance(status, Status)
        assert status.room == room
        assert desk.handle(ALICE, Open(i)) == [Opened(i)]
    (error,) = desk.handle(BOB, Open(0))

    assert isinstance(error, Error)
    assert "one more would make all late" in error.text
    desk.handle(ALICE, Close(1))
    assert desk.handle(BOB, Open(0)) == [Opened(0)]


def test_one_client_cannot_take_all_the_room(talk: Talk) -> None:
    for i in range(MAX_SESSIONS_EACH):
        assert talk.say(Open(i)) == [Opened(i)]
    (error,) = talk.say(Open(MAX_SESSIONS_EACH))

    assert isinstance(error, Error)
    assert f"You have {MAX_SESSIONS_EACH} sessions open" in error.text
    assert talk.say(Open(0), BOB) == [Opened(0)]


def test_the_sessions_of_a_silent_client_end(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Open(1), BOB)
    talk.now_ns += SILENT_NS - 1
    assert talk.say(Ping(5), BOB) == [Pong(5)]
    talk.desk.forget_silent()
    assert talk.sessions() == 2

    talk.now_ns += LOOK_EVERY_NS
    talk.say(Ping(6), BOB)
    talk.desk.forget_silent()

    assert talk.sessions() == 1
    (error,) = talk.say(Cancel(1))
    assert isinstance(error, Error)


def test_silence_in_mid_answer_ends_it_too(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 1, 0, 100_000, prompt=True))
    talk.work(most=5)
    talk.now_ns += SILENT_NS + 1
    talk.desk.forget_silent()

    assert not talk.desk.busy
    assert talk.work() == []


def test_status_counts_what_was_drawn(talk: Talk) -> None:
    talk.say(Open(1))
    talk.say(Answer(1, 1, 0, 300, prompt=True))
    done = talk.work()[-1][1]
    assert isinstance(done, Done)
    (status,) = talk.say(StatusRequest())

    assert isinstance(status, Status)
    assert status.tokens == done.tokens
    assert status.slot_bytes == tiny_model().slot_bytes > 0
    assert status.uptime_ms > 0


def test_the_first_key_of_a_chord_waits_for_the_others() -> None:
    talk = Talk()
    talk.say(Open(1))
    talk.work()
    talk.now_ns += 10**9
    talk.say(Listen(1, (NoteOn(48, 0, 60, 80),)))
    assert 0 < talk.desk.idle_ns <= PATIENCE_NS
    talk.now_ns += PATIENCE_NS // 2
    talk.say(Listen(1, (NoteOn(48, 0, 64, 80),)))
    assert not talk.desk.busy
    talk.now_ns += PATIENCE_NS
    assert talk.desk.busy
    talk.say(Close(1))
