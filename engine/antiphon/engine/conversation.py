"""One open session as those who share it see it: requests in, replies out, takes side by side.

session ──answer, no takes──▶ session plays
   │
   └──answer, n takes──▶ n forks play ──keep k──▶ fork k is the session
                              └── anything else ──▶ they are gone
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .errors import UserError
from .protocol import (
    Answer,
    Cancel,
    Done,
    Heard,
    Infill,
    Keep,
    Listen,
    Notes,
    Reply,
    Rewind,
)
from .session import Progress, Session

PATIENCE_NS = 4_000_000
"""What is heard waits so long for more: a chord's keys do not go down at once."""
FLOOD, FLOOD_NS = 256, 100_000_000
"""Rows that nobody plays faster than they are fed; then it is a file, and its end is waited for."""
SPACING_NS = 25_000_000
"""While more and more is heard a chunk is fed so often: of a flood most need not be fed at all."""

Said = Listen | Answer | Keep | Infill | Heard | Rewind | Cancel
"""What can be said in an open session."""


@dataclass(slots=True)
class _Asked:
    """The answer that is being made."""

    generation: int
    at_ns: int
    tokens_before: int
    left: set[int]
    """Takes that are not complete."""
    first_note_us: int | None = None


class Conversation:
    """A session, the answer it makes, and the takes of it. [inference thread]"""

    def __init__(
        self, client: bytes, number: int, session: Session, now_ns: Callable[[], int]
    ) -> None:
        self.client, self.number = client, number
        """Who opened it, and what they call it; replies carry that."""
        self._session, self._now_ns = session, now_ns
        self._takes: dict[int, Session] = {}
        self._asked: _Asked | None = None
        self._generation = -1
        self._listened_ns = 0
        self.fed_ns = 0
        """When a chunk of what was heard was fed last; whoever feeds it says so."""

    @property
    def voices(self) -> dict[int, Session]:
        """Who has work or might have: the takes by number while there are any, else take 0 alone.

        A take that was kept goes on under its number.
        """
        return self._takes or {self._session.take: self._session}

    @property
    def size(self) -> int:
        """Places that it takes up."""
        return 1 + len(self._takes)

    @property
    def asked_ns(self) -> int:
        """When the answer that is being made was asked for; 0 if none is."""
        return self._asked.at_ns if self._asked else 0

    @property
    def patient_until_ns(self) -> int:
        """Until when what was heard waits for more to be heard."""
        if self._session.behind > FLOOD:
            return self._listened_ns + FLOOD_NS
        return min(self._listened_ns + PATIENCE_NS, self.fed_ns + SPACING_NS)

    def handle(self, request: Said, room: int) -> list[Reply]:
        """Serve a request; what takes long is only begun. UserError if it cannot be served.

        `room` is how many takes could be made beside all that is open.
        """
        if isinstance(request, Answer) and request.takes > room + len(self._takes):
            raise UserError(f"{request.takes} takes do not fit now, only {room}: ask for fewer.")
        if isinstance(request, Infill) and not self._session.can_infill:
            raise UserError("There is no place to fill a gap in now: ask again a little later.")
        if isinstance(request, Heard):
            for voice in self.voices.values():
                voice.heard(request.position, request.horizon)
            return []
        if isinstance(request, Keep):
            return self._keep(request)
        now_ns, replies = self._now_ns(), self.interrupt()
        self._session.take = 0
        match request:
            case Listen(_, events):
                if not self._session.behind:
                    self.fed_ns = now_ns
                self._listened_ns = now_ns
                self._session.hear(events)
            case Rewind(_, tick, keeps_ends):
                self._session.rewind(tick, keeps_ends)
            case Cancel():
                self._session.cancel()
            case Infill():
                self._session.infill(request)
                self._ask(request.generation, [0], now_ns)
            case Answer():
                self._answer(request, now_ns)
        return replies

    def interrupt(self) -> list[Reply]:
        """Drop the takes; an answer that is not complete is over."""
        replies: list[Reply] = [self._done(self._asked, "cancelled")] if self._asked else []
        self._takes = {}
        return replies

    def progress(self, take: int, progress: Progress) -> list[Reply]:
        """What a step of one of the voices brought."""
        replies: list[Reply] = []
        asked = self._asked
        if asked is None:
            return replies
        if progress.notes:
            if asked.first_note_us is None:
                asked.first_note_us = self._since_us(asked)
            notes = tuple(progress.notes)
            replies.append(Notes(self.number, asked.generation, notes, take, progress.copied))
        if progress.reason:
            asked.left.discard(take)
            replies.append(self._done(asked, progress.reason, take))
        return replies

    def _answer(self, request: Answer, now_ns: int) -> None:
        for take in range(request.takes):
            self._takes[take] = self._session.fork(take)
        for voice in self.voices.values():
            voice.answer(request)
        self._ask(request.generation, [*self._takes] or [0], now_ns)

    def _keep(self, request: Keep) -> list[Reply]:
        if request.take not in self._takes or self._generation != request.generation:
            raise UserError(f"There is no take {request.take} of answer {request.generation}.")
        before = self._session.tokens
        self._session, self._takes = self._takes[request.take], {}
        if self._asked:
            self._asked.left &= {request.take}
            self._asked.tokens_before = before
            if not self._asked.left:
                self._asked = None
        return []

    def _ask(self, generation: int, takes: list[int], now_ns: int) -> None:
        self._generation = generation
        self._asked = _Asked(generation, now_ns, self._drawn, set(takes))

    @property
    def _drawn(self) -> int:
        return sum(voice.tokens for voice in self.voices.values())

    def _done(self, asked: _Asked, reason: str, take: int = 0) -> Done:
        tokens = max(0, self._drawn - asked.tokens_before)
        if reason == "cancelled" or not asked.left:
            self._asked = None
        first, total = asked.first_note_us, self._since_us(asked)
        return Done(self.number, asked.generation, reason, tokens, first, total, take)

    def _since_us(self, asked: _Asked) -> int:
        return (self._now_ns() - asked.at_ns) // 1000
