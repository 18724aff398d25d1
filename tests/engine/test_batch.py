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
