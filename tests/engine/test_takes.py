"""Takes: several answers side by side, one of them kept; and sessions that clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from antiphon.engine.desk import SILENT_NS, Desk
from antiphon.engine.notes import Note, events_of
from antiphon.engine.protocol import (
    Answer,
    Cancel,
    Close,
    Done,
    Error,
    Heard,
    Infill,
    Join,
    Keep,
    Listen,
    Notes,
    Open,
    Opened,
    Overheard,
    Ping,
    Reply,
    Request,
    Rewind,
    Status,
    StatusRequest,
)
from bundles import few_model

ALICE, BOB, CAROL = b"alice", b"bob", b"carol"
PHRASE = tuple(events_of([Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]))
MORE = tuple(events_of([Note(700 + 24 * i, 0, 70 - i, 24, 80) for i in range(4)]))
ANSWER = Answer(1, 5, start=200, until=500, prompt=True)
TAKES = Answer(1, 5, start=200, until=500, prompt=True, takes=3)
LATER = Answer(1, 6, start=820, until=1100, prompt=True)


class Talk:
    """A desk with a session that has heard a phrase; and what each client was told."""

    def __init__(self, capacity: int = 20) -> None:
        self.now_ns = 0
        self.desk = Desk(few_model(), "few", lambda: self.now_ns, capacity)
        self.told: list[tuple[bytes, Reply]] = []
        self.say(Open(1, seed=3, name="duo"))
        self.say(Listen(1, PHRASE))

    def say(self, request: Request, client: bytes = ALICE) -> list[Reply]:
        replies = self.desk.handle(client, request)
        self.told += [(client, reply) for reply in replies] + self.desk.waiting()
        return replies

    def work(self, turns: int = 100_000) -> None:
        while self.desk.busy and turns:
            self.now_ns += 1_000_000
            self.told += self.desk.turn()
            turns -= 1

    def notes(self, take: int = 0, generation: int = 5, client: bytes = ALICE) -> list[Note]:
        heard = (r for c, r in self.told if c == client and isinstance(r, Notes))
        return [n for r in heard if (r.take, r.generation) == (take, generation) for n in r.notes]

    def done(self) -> list[Done]:
        return [reply for _, reply in self.told if isinstance(reply, Done)]


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.now_ns += 2 * SILENT_NS
    talk.desk.forget_silent()


def played(*requests: Request) -> Talk:
    """A talk of its own in which all this was said, each thing done before the next is said."""
    talk = Talk()
    for request in requests:
        talk.say(request)
        talk.work()
    return talk


def test_takes_differ_and_the_first_is_what_would_have_been_played_anyway(talk: Talk) -> None:
    talk.say(TAKES)
    talk.work()
    takes = [talk.notes(take) for take in range(3)]

    assert takes[0] == played(ANSWER).notes()
    assert len({tuple(take) for take in takes}) == 3
    assert all(take and all(200 <= n.onset < 500 for n in take) for take in takes)
    assert [(d.reason, d.take) for d in sorted(talk.done(), key=lambda d: d.take)] == [
        ("until", 0), ("until", 1), ("until", 2),
    ]  # fmt: skip


@pytest.mark.parametrize("take", range(3))
def test_the_take_that_is_kept_is_what_the_music_goes_on_from(talk: Talk, take: int) -> None:
    talk.say(TAKES)
    talk.work()
    talk.say(Keep(1, 5, take))
    talk.say(LATER)
    talk.work()
    later = talk.notes(generation=6)

    assert later
    if take == 0:
        assert later == played(ANSWER, LATER).notes(generation=6)
    else:
        assert later != played(ANSWER, LATER).notes(generation=6)


@pytest.mark.parametrize(
    "instead", [Listen(1, MORE), Rewind(1, 200), Cancel(1), LATER, Infill(1, 6, 900, 960)]
)
def test_takes_that_nobody_keeps_leave_no_trace(talk: Talk, instead: Request) -> None:
    talk.say(TAKES)
    talk.work(turns=12)
    talk.say(instead)
    talk.work()
    talk.say(Answer(1, 7, start=1500, until=1700))
    talk.work()

    plain = played(instead, Answer(1, 7, start=1500, until=1700))
    assert talk.notes(generation=7) == plain.notes(generation=7)
    assert talk.done()[0].reason == "cancelled"


def test_a_take_can_be_kept_while_it_is_made(talk: Talk) -> None:
    talk.say(TAKES)
    talk.work(turns=12)
    assert talk.say(Keep(1, 5, 1)) == []
    so_far = len(talk.notes(0))
    talk.work()

    assert talk.notes(1) == played(TAKES).notes(1)
    assert len(talk.notes(0)) == so_far
    assert [(d.reason, d.take) for d in talk.done()] == [("until", 1)]


def test_heard_paces_all_takes(talk: Talk) -> None:
    talk.say(TAKES)
    talk.say(Heard(1, 200, 96))
    talk.work()
    assert all(talk.notes(take) for take in range(3))
    assert len(talk.done()) < 3

    talk.say(Heard(1, 500, 96))
    talk.work()

    assert len(talk.done()) == 3


@pytest.mark.parametrize("wrong", [Keep(1, 5, 3), Keep(1, 4, 0)])
def test_a_take_that_was_never_made_cannot_be_kept(talk: Talk, wrong: Request) -> None:
    talk.say(TAKES)
    (error,) = talk.say(wrong)

    assert isinstance(error, Error)
    assert error.code == "refused"
    assert "There is no take" in error.text


def test_takes_count_as_sessions_while_they_are_there() -> None:
    talk = Talk(capacity=3)
    (error,) = talk.say(TAKES)
    assert isinstance(error, Error)
    assert "3 takes do not fit" in error.text

    talk.say(Answer(1, 5, 200, 500, takes=2))
    (status,) = talk.say(StatusRequest())
    assert isinstance(status, Status)
    assert (status.sessions, status.room) == (1, 0)
    talk.say(Keep(1, 5, 0))
    (status,) = talk.say(StatusRequest())
    assert isinstance(status, Status)
    assert status.room == 2


def test_all_who_share_a_session_get_its_notes_and_hear_what_the_others_say(talk: Talk) -> None:
    assert talk.say(Join(9, "duo"), BOB) == [Opened(9)]
    assert talk.say(Join(4, "duo"), CAROL) == [Opened(4)]
    talk.say(ANSWER)
    talk.work()
    talk.say(Listen(9, MORE), BOB)
    talk.work()

    plain = played(ANSWER).notes()
    assert talk.notes() == talk.notes(client=BOB) == talk.notes(client=CAROL) == plain
    assert {r.session for c, r in talk.told if c == BOB and isinstance(r, Notes | Done)} == {9}
    overheard = [(c, r) for c, r in talk.told if isinstance(r, Overheard)]
    assert overheard == [
        (BOB, Overheard(9, ANSWER)), (CAROL, Overheard(4, ANSWER)),
        (ALICE, Overheard(1, Listen(9, MORE))), (CAROL, Overheard(4, Listen(9, MORE))),
    ]  # fmt: skip


def test_who_shares_a_session_hears_things_in_the_order_they_were_said(talk: Talk) -> None:
    talk.say(Join(9, "duo"), BOB)
    talk.say(ANSWER)
    talk.say(Cancel(9), BOB)

    of_bob = [r for c, r in talk.told if c == BOB and isinstance(r, Overheard | Done)]
    assert [type(reply) for reply in of_bob] == [Overheard, Done]


def test_a_shared_session_lives_until_the_last_has_left(talk: Talk) -> None:
    talk.say(Join(9, "duo"), BOB)
    talk.say(Close(1))
    talk.say(Answer(9, 5, 200, 500, prompt=True), BOB)
    talk.work()
    assert talk.notes(client=BOB) == played(ANSWER).notes()
    assert not talk.notes()

    talk.now_ns += 2 * SILENT_NS
    talk.say(Ping(1), CAROL)
    talk.desk.forget_silent()

    (error,) = talk.say(Join(2, "duo"), CAROL)
    assert isinstance(error, Error)
    assert "no session named 'duo'" in error.text


def test_a_name_is_used_once(talk: Talk) -> None:
    (error,) = talk.say(Open(2, name="duo"), BOB)

    assert isinstance(error, Error)
    assert "join it" in error.text
