"""A player who never tires: plays a phrase, hears an answer, breaks in, and plays on.

What an engine under load can fail at is counted: an answer begins late, or its next note is not
there when it is due. Pure: time is handed in.

    play 32 notes ─▶ ask ─▶ hear 64 notes, one each time it is due ─▶ rewind to there ─▶ play …
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from antiphon.engine.notes import Event, Note, NoteOff, NoteOn
from antiphon.engine.protocol import (
    Answer,
    Error,
    Heard,
    Listen,
    Notes,
    Open,
    Reply,
    Request,
    Rewind,
)

PLAYED, HEARD = 32, 64
"""Notes of a phrase, and of an answer before the player breaks in."""
APART = 6
"""Ticks from one note of a phrase to the next."""
FAR = 2**20
"""Ticks that an answer may go on: longer than anyone listens."""
AHEAD = 16
"""Notes that a plan holds before the engine is told to wait: two seconds of eight each."""
HORIZON = 3072
"""Ticks that it may go on until then: more than any rest."""
HEARD_EVERY = 2
"""Notes heard from one word about the play head to the next."""


class Player:
    """One session of one client, at a steady number of notes a second, played or heard."""

    def __init__(self, session: int, notes_a_second: float, begins_ns: int) -> None:
        self.session, self.begins_ns, self.due_ns = session, begins_ns, begins_ns
        """When there is something to do next."""
        self.events = self.answers = self.dry = 0
        """Notes played and heard; answers begun; times that a due note was not there."""
        self.starts_ns: list[int] = []
        """Of each answer the time from the question to its first notes."""
        self.refused = ""
        """Why the engine did not let it play, or go on."""
        self._gap_ns = round(1e9 / notes_a_second)
        self._now_ns = self._asked_ns = begins_ns
        self._tick = 0
        self._key: int | None = None
        self._plan: deque[Note] = deque()
        self._turns = self._play_on()

    def act(self, now_ns: int) -> list[Request]:
        """What to say at `due_ns`, which is later then."""
        self._now_ns = now_ns
        self.due_ns += self._gap_ns
        return [] if self.refused else next(self._turns)

    def take(self, reply: Reply, now_ns: int) -> None:
        """What the engine said to this session."""
        if isinstance(reply, Error):
            self.refused = reply.text
        if isinstance(reply, Notes) and reply.generation == self.answers:
            if len(self.starts_ns) < self.answers:
                self.starts_ns.append(now_ns - self._asked_ns)
            self._plan.extend(reply.notes)

    def leave(self, now_ns: int) -> None:
        """Stop waiting: an answer that has not begun counts as if it began now."""
        if len(self.starts_ns) < self.answers:
            self.starts_ns.append(now_ns - self._asked_ns)

    def _play_on(self) -> Iterator[list[Request]]:
        """What is said each time something is due."""
        yield [Open(self.session, seed=self.session)]
        while True:
            yield from self._play()
            yield self._ask()
            for heard in range(HEARD):
                self.dry += bool(heard and not self._plan)
                while not self._plan:
                    yield []
                yield self._hear(heard)
            yield [self._break_in()]

    def _play(self) -> Iterator[list[Request]]:
        """A phrase; its last key is let go with the question."""
        for i in range(PLAYED):
            let_go = self._let_go()
            self._key = 48 + (7 * i + 5 * self.session) % 29
            self.events += 1
            yield [Listen(self.session, (*let_go, NoteOn(self._tick, 0, self._key, 80)))]
            self._tick += APART

    def _let_go(self) -> tuple[Event, ...]:
        key, self._key = self._key, None
        return () if key is None else (NoteOff(self._tick, 0, key),)

    def _ask(self) -> list[Request]:
        self.answers += 1
        self._asked_ns = self._now_ns
        ask = Answer(
            self.session, self.answers, start=self._tick, until=self._tick + FAR, prompt=True
        )
        return [Listen(self.session, self._let_go()), ask]

    def _hear(self, heard: int) -> list[Request]:
        """The next note sounds; now and then the engine is told so, and whether to go on."""
        self._tick = self._plan.popleft().onset
        self.events += 1
        horizon = HORIZON if len(self._plan) < AHEAD else 0
        return [] if heard % HEARD_EVERY else [Heard(self.session, self._tick, horizon)]

    def _break_in(self) -> Request:
        self._plan.clear()
        self._tick += 1
        return Rewind(self.session, self._tick)
