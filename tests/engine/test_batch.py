"""Many sessions at one desk: each plays to the byte what it plays alone, live or all at once."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.desk import Desk
from antiphon.engine.notes import DRUMS, Event, Note, NoteOn, events_of
from antiphon.engine.protocol import (
    Answer,
    Close,
    Done,
    Heard,
    Listen,
    Notes,
    Open,
    Reply,
    Request,
)
from antiphon.engine.rota import BATCH
from antiphon.engine.session import Session
from antiphon.engine.slots import CHUNK
from bundles import few_model


def phrase(n: int) -> tuple[Event, ...]:
    """A phrase of its own for each session, longer and longer."""
    notes = [Note(18 * i, n % 3, 48 + (7 * i * (n + 1)) % 30, 18, 60 + n) for i in range(4 + 9 * n)]
    return tuple(events_of(notes))


def answer(n: int) -> Answer:
    return Answer(n, 1, start=18 * (4 + 9 * n) + 10, until=18 * (4 + 9 * n) + 500, prompt=True)


def alone(n: int) -> list[Note]:
    """What a session plays with nobody else there, all its events known at once."""
    session = Session(few_model(), Open(n, seed=n))
    session.hear(phrase(n))
    session.answer(answer(n))
    notes: list[Note] = []
    while session.answering:
        notes += session.step().notes
    return notes


ALONE = {n: alone(n) for n in range(BATCH + 2)}


class Room:
    """Some players at one desk; what each was played."""

    def __init__(self) -> None:
        ticking = itertools.count(step=1_000_000)
        self.desk = Desk(few_model(), "few", lambda: next(ticking))
        self.played: dict[int, list[Note]] = {}

    def say(self, request: Request) -> None:
        self._note([(b"", reply) for reply in self.desk.handle(b"", request)])

    def work(self, turns: int = 1_000_000) -> None:
        while turns and self.desk.busy:
            self._note(self.desk.turn())
            turns -= 1

    def _note(self, replies: list[tuple[bytes, Reply]]) -> None:
        for _, reply in replies:
            if isinstance(reply, Notes):
                self.played.setdefault(reply.session, []).extend(reply.notes)


def test_a_full_batch_plays_what_each_plays_alone() -> None:
    room = Room()
    for n in ALONE:
        room.say(Open(n, seed=n)) if n < BATCH else None
    for n in range(BATCH):
        room.say(Listen(n, phrase(n)))
        room.say(answer(n))
    room.work()

    assert room.played == {n: ALONE[n] for n in range(BATCH)}
    for n in range(BATCH):
        room.say(Close(n))


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(0, BATCH + 1), min_size=2, max_size=8, unique=True),
    st.data(),
)
def test_live_and_in_any_company_it_plays_what_it_plays_alone(
    players: list[int], data: st.DataObject
) -> None:
    room = Room()
    for n in players:
        room.say(Open(n, seed=n))
    left: dict[int, list[Request]] = {
        n: [*(Listen(n, (event,)) for event in phrase(n)), answer(n)] for n in players
    }
    while any(left.values()):
        n = data.draw(st.sampled_from([n for n in players if left[n]]))
        for _ in range(data.draw(st.integers(1, 30))):
            if left[n]:
                room.say(left[n].pop(0))
        room.work(data.draw(st.integers(0, 8)))
    for position in range(0, 10_000, 400):
        for n in players:
            room.say(Heard(n, position, 96))
        room.work()

    assert room.played == {n: ALONE[n] for n in players}
    for n in players:
        room.say(Close(n))


def rows_until_first_note(listeners: int) -> int:
    """Rows fed, for whomever, from a question to the first note of its answer."""
    room, pool = Room(), few_model().pool
    room.say(Open(0))
    room.say(Listen(0, phrase(0)))
    room.work()
    for n in range(1, listeners + 1):
        room.say(Open(n))
        room.say(Listen(n, phrase(n)))
    before = pool.prefilled
    room.say(answer(0))
    while 0 not in room.played:
        room.work(turns=1)
    for n in range(listeners + 1):
        room.say(Close(n))
    return pool.prefilled - before


def test_while_an_answer_has_not_begun_others_are_fed_a_chunk_at_most() -> None:
    alone = rows_until_first_note(listeners=0)
    turns = 2  # it draws a note and a length
    assert rows_until_first_note(listeners=5) <= alone + turns * CHUNK


def test_who_says_that_the_music_is_over_long_since_keeps_nobody_from_playing() -> None:
    ticking = itertools.count(step=1_000_000)
    desk = Desk(few_model(), "few", lambda: next(ticking))
    for client in (b"pushy", b"patient"):
        desk.handle(client, Open(1))
    desk.handle(b"pushy", Answer(1, 1, start=0, until=10**6, prompt=True))
    desk.handle(b"pushy", Heard(1, 2**30, 96))
    desk.handle(b"patient", Answer(1, 1, start=0, until=1000, prompt=True))
    done: list[bytes] = []
    for _ in range(2000):
        done += [client for client, reply in desk.turn() if isinstance(reply, Done)]

    assert done == [b"patient"]
    for client in (b"pushy", b"patient"):
        desk.handle(client, Close(1))


def turns_until_first_note(listens: dict[bytes, int], asks: list[bytes], waits: bytes) -> int:
    """Turns until `waits` has a note, when each listens to so many notes and some ask, in order."""
    ticking = itertools.count(step=1_000_000)
    desk = Desk(few_model(), "few", lambda: next(ticking))
    for client, notes in listens.items():
        desk.handle(client, Open(1))
        told = events_of([Note(7 * i, 0, 40 + i % 37, 5, 80) for i in range(notes)])
        desk.handle(client, Listen(1, tuple(told)))
    for client in asks:
        start = 7 * listens[client] + 2
        desk.handle(client, Answer(1, 1, start=start, until=start + 10**6, prompt=True))
    turns = 1
    while not any(client == waits and isinstance(reply, Notes) for client, reply in desk.turn()):
        turns += 1
        assert turns < 2000
    for client in listens:
        desk.handle(client, Close(1))
    return turns


def test_who_asks_after_a_short_phrase_does_not_wait_for_a_long_one() -> None:
    alone = turns_until_first_note({b"b": 8}, [b"b"], b"b")
    behind = turns_until_first_note({b"a": 1000, b"b": 8}, [b"a", b"b"], b"b")

    assert behind <= alone + 2
    assert turns_until_first_note({b"a": 1000, b"b": 8}, [b"a", b"b"], b"a") < 1000


def test_many_who_say_that_the_music_is_over_long_since_keep_nobody_from_playing() -> None:
    ticking = itertools.count(step=1_000_000)
    desk = Desk(few_model(), "few", lambda: next(ticking))
    liars = [bytes([n]) for n in range(2 * BATCH)]
    for client in liars:
        desk.handle(client, Open(1))
        desk.handle(client, Answer(1, 1, start=0, until=2**40, prompt=True))
        desk.handle(client, Heard(1, 2**39, 2**39))
    for _ in range(20):
        desk.turn()
    desk.handle(b"honest", Open(1))
    desk.handle(b"honest", Answer(1, 1, start=0, until=1000, prompt=True))
    for _ in range(50):
        if any(c == b"honest" and isinstance(reply, Notes) for c, reply in desk.turn()):
            break
    else:
        raise AssertionError("no note came")
    for client in (*liars, b"honest"):
        desk.handle(client, Close(1))


def test_many_held_drums_are_settled_a_few_at_a_time() -> None:
    room = Room()
    room.say(Open(1))
    room.say(Listen(1, tuple(NoteOn(i, DRUMS, i, 80) for i in range(100))))
    room.work()
    room.say(Answer(1, 1, start=200, until=300, prompt=True))
    (conversation,) = room.desk.conversations
    (session,) = conversation.voices.values()
    left = [100]
    while left[-1]:
        room.work(1)
        left.append(len(session.transcript.open_entries()))

    assert max(before - after for before, after in itertools.pairwise(left)) <= 4
    room.say(Close(1))
