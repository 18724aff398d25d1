"""Who plays with the engine: clients, their sessions, and whose turn it is.

Requests in, replies out, one step of one session at a time. Knows no sockets; the clock is handed
in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from .errors import UserError
from .model import Model
from .protocol import (
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
from .session import Session

SILENT_NS = 10_000_000_000
"""A client that says nothing for so long is gone, and its sessions with it."""
LOOK_EVERY_NS = 1_000_000_000
MAX_SESSIONS = 64
MAX_SESSIONS_EACH = 16
"""Sessions that one client may hold."""

Client = bytes
Key = tuple[Client, int]


@dataclass(slots=True)
class _Asked:
    """The answer a session is making."""

    generation: int
    at_ns: int
    tokens_before: int
    first_note_us: int | None = None


class Desk:
    """All sessions of one engine. [inference thread]"""

    def __init__(self, model: Model, name: str, now_ns: Callable[[], int]) -> None:
        self._model, self._name, self._now_ns = model, name, now_ns
        self._sessions: dict[Key, Session] = {}
        self._asked: dict[Key, _Asked] = {}
        self._last_heard_ns: dict[Client, int] = {}
        self._started_ns = now_ns()
        self._next_look_ns = 0
        self._tokens = 0
        self._next = 0

    @property
    def busy(self) -> bool:
        """Whether any session has work that can be done now."""
        return any(session.has_work for session in self._sessions.values())

    def handle(self, client: Client, request: Request) -> list[Reply]:
        """Serve a request; what takes long is only begun."""
        self._last_heard_ns[client] = self._now_ns()
        match request:
            case Hello():
                return [Welcome(VERSION, self._name, self._model.vocabulary.styles)]
            case Ping(number):
                return [Pong(number)]
            case StatusRequest():
                return [self._status()]
            case Open():
                return self._open(client, request)
        key = (client, request.session)
        if key not in self._sessions:
            text = f"There is no session {request.session}; open it first."
            return [Error("unknown-session", "client", text, request.session)]
        try:
            return self._in_session(key, self._sessions[key], request)
        except Exception as error:  # as in `turn`
            return [self._broken(key, error)]

    def turn(self) -> list[tuple[Client, Reply]]:
        """One step of one session: those that answer go first, then those that listen, in turn."""
        waiting = [item for item in self._sessions.items() if item[1].has_work]
        if not waiting:
            return []
        answering = [item for item in waiting if item[1].answering] or waiting
        self._next += 1
        key, session = answering[self._next % len(answering)]
        try:
            progress = session.step()
        except Exception as error:  # one broken session must not end the others
            return [(key[0], self._broken(key, error))]
        replies: list[tuple[Client, Reply]] = []
        asked = self._asked.get(key)
        if asked and progress.notes:
            if asked.first_note_us is None:
                asked.first_note_us = self._since_us(asked)
            replies.append((key[0], Notes(key[1], asked.generation, tuple(progress.notes))))
        if asked and progress.reason:
            replies.append((key[0], self._done(key, progress.reason)))
        return replies

    def _broken(self, key: Key, error: Exception) -> Error:
        """End a session that cannot go on; what happened goes to the log."""
        logging.getLogger(__name__).error("session %s ended", key[1], exc_info=error)
        self._drop(key)
        text = "The engine ended this session because of a fault of its own; open it anew."
        return Error("internal", "engine", text, key[1])

    def forget_silent(self) -> None:
        """End the sessions of clients that have gone silent; looks about once a second."""
        now_ns = self._now_ns()
        if now_ns < self._next_look_ns:
            return
        self._next_look_ns = now_ns + LOOK_EVERY_NS
        limit = now_ns - SILENT_NS
        for client in [c for c, heard_ns in self._last_heard_ns.items() if heard_ns < limit]:
            del self._last_heard_ns[client]
            for key in [key for key in self._sessions if key[0] == client]:
                self._drop(key)

    def _open(self, client: Client, request: Open) -> list[Reply]:
        key = (client, request.session)
        replies: list[Reply] = [self._done(key, "cancelled")] if key in self._asked else []
        self._drop(key)
        own = sum(1 for other, _ in self._sessions if other == client)
        if len(self._sessions) >= MAX_SESSIONS or own >= MAX_SESSIONS_EACH:
            text = (
                f"The engine is full: {len(self._sessions)} sessions are open, {own} of them yours."
            )
            return [*replies, Error("refused", "engine", text, request.session)]
        try:
            self._sessions[key] = Session(self._model, request)
        except UserError as error:
            return [*replies, Error("refused", "client", str(error), request.session)]
        return [*replies, Opened(request.session)]

    def _in_session(self, key: Key, session: Session, request: Request) -> list[Reply]:
        replies: list[Reply] = []
        if not isinstance(request, Heard) and key in self._asked:
            replies.append(self._done(key, "cancelled"))
        match request:
            case Listen(_, events):
                session.hear(events)
            case Heard(_, position, horizon):
                session.heard(position, horizon)
            case Rewind(_, tick):
                session.rewind(tick)
            case Cancel():
                session.cancel()
            case Close():
                self._drop(key)
            case Answer():
                session.answer(request)
                self._ask(key, request.generation)
            case Infill():
                session.infill(request)
                self._ask(key, request.generation)
        return replies

    def _ask(self, key: Key, generation: int) -> None:
        self._asked[key] = _Asked(generation, self._now_ns(), self._sessions[key].tokens)

    def _done(self, key: Key, reason: str) -> Done:
        asked = self._asked.pop(key)
        tokens = self._sessions[key].tokens - asked.tokens_before
        self._tokens += tokens
        total_us = self._since_us(asked)
        return Done(key[1], asked.generation, reason, tokens, asked.first_note_us, total_us)

    def _since_us(self, asked: _Asked) -> int:
        return (self._now_ns() - asked.at_ns) // 1000

    def _drop(self, key: Key) -> None:
        self._sessions.pop(key, None)
        self._asked.pop(key, None)

    def _status(self) -> Status:
        uptime_ms = (self._now_ns() - self._started_ns) // 1_000_000
        return Status(
            self._name, len(self._sessions), self._model.slot_bytes, uptime_ms, self._tokens
        )
