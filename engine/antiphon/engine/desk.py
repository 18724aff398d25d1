"""Who plays with the engine: clients, and the sessions they have open or share.

Requests in, replies out; what is done for whom and when, `rota.py` says. Knows no sockets; the
clock is handed in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from msgspec.structs import replace

from . import rota
from .conversation import Conversation, Said
from .errors import UserError
from .model import Model
from .protocol import (
    VERSION,
    Close,
    Error,
    Hello,
    Join,
    Open,
    Opened,
    Overheard,
    Ping,
    Pong,
    Reply,
    Request,
    Status,
    StatusRequest,
    Telemetry,
    Welcome,
)
from .pulse import Pulse
from .session import Session

SILENT_NS = 10_000_000_000
"""A client that says nothing for so long is gone, and its sessions with it."""
LOOK_EVERY_NS = 1_000_000_000
MAX_SESSIONS = 64
MAX_SESSIONS_EACH = 16
"""Sessions that one client may hold."""

Client = bytes
Key = tuple[Client, int]
"""A client, and the number by which it calls a session."""
ForClient = tuple[Client, Reply]


class Desk:
    """All sessions of one engine. [inference thread]"""

    def __init__(
        self, model: Model, name: str, now_ns: Callable[[], int], capacity: int = MAX_SESSIONS
    ) -> None:
        self._model, self._name, self._now_ns = model, name, now_ns
        self._capacity = capacity
        self._seats: dict[Key, Conversation] = {}
        self._names: dict[str, Conversation] = {}
        self._waiting: list[ForClient] = []
        """Replies to others than who spoke last."""
        self._last_heard_ns: dict[Client, int] = {}
        self._pulse = Pulse(now_ns)
        self._turns = 0
        self._next_look_ns = 0

    @property
    def conversations(self) -> list[Conversation]:
        """All that are open, each once."""
        return list(dict.fromkeys(self._seats.values()))

    @property
    def empty(self) -> bool:
        """Whether no session is open."""
        return not self._seats

    @property
    def busy(self) -> bool:
        """Whether there is anything to do or to say now."""
        return self.idle_ns <= 0

    @property
    def idle_ns(self) -> int:
        """For how long there is nothing to do, if nobody says anything: a second at most."""
        if self._waiting:
            return 0
        now_ns, idle_ns = self._now_ns(), LOOK_EVERY_NS
        for conversation in self._seats.values():
            for session in conversation.voices.values():
                at_work = rota.has_work(conversation, session, now_ns)
                if at_work or rota.foresees(conversation, session):
                    return 0
                if session.has_work:
                    idle_ns = min(idle_ns, conversation.patient_until_ns - now_ns)
        return idle_ns

    @property
    def room(self) -> int:
        """How many more sessions fit."""
        taken = sum(conversation.size for conversation in self.conversations)
        return max(0, min(self._capacity - taken, self._model.pool.free))

    def handle(self, client: Client, request: Request) -> list[Reply]:
        """Serve a request; what takes long is only begun. What others are told is `waiting`."""
        self._last_heard_ns[client] = self._now_ns()
        match request:
            case Hello():
                return [Welcome(VERSION, self._name, self._model.vocabulary.styles)]
            case Ping(number):
                return [Pong(number)]
            case StatusRequest():
                return [self._status()]
            case Open() | Join():
                return self._enter((client, request.session), request)
        return self._in_session((client, request.session), request)

    def turn(self) -> list[ForClient]:
        """The next bit of work for all, and what it brought for whom."""
        began_ns, drawn = self._now_ns(), 0
        self._turns += 1
        for voice, done in rota.step(self.conversations, self._model.pool, began_ns, self._turns):
            if isinstance(done, Exception):
                self._waiting += self._broken(voice.conversation, done)
                continue
            told = voice.conversation.progress(voice.take, done)
            self._waiting += self._for_all(voice.conversation, told)
            drawn += done.drawn
        self._pulse.worked(began_ns, drawn)
        return self.waiting()

    def waiting(self) -> list[ForClient]:
        """What is to be said to others than who spoke last: before anybody speaks again."""
        replies, self._waiting = self._waiting, []
        return replies

    def telemetry(self) -> Telemetry | None:
        """How busy the engine is; None if that was told less than a second ago."""
        beat = self._pulse.beat()
        if beat is None:
            return None
        uptime_ms, tokens = self._pulse.uptime_ms, self._pulse.tokens
        return Telemetry(uptime_ms, len(self.conversations), self.room, tokens, *beat)

    def forget_silent(self) -> None:
        """Let clients go that have gone silent; looks about once a second."""
        now_ns = self._now_ns()
        if now_ns < self._next_look_ns:
            return
        self._next_look_ns = now_ns + LOOK_EVERY_NS
        limit = now_ns - SILENT_NS
        for client in [c for c, heard_ns in self._last_heard_ns.items() if heard_ns < limit]:
            del self._last_heard_ns[client]
            for key in [key for key in self._seats if key[0] == client]:
                self._leave(key)

    def _enter(self, key: Key, request: Open | Join) -> list[Reply]:
        replies = self._leave(key)
        own = sum(1 for client, _ in self._seats if client == key[0])
        try:
            if own >= MAX_SESSIONS_EACH:
                raise UserError(f"You have {own} sessions open, and nobody may have more.")
            opened = (
                self._joined(request) if isinstance(request, Join) else self._opened(key, request)
            )
        except UserError as error:
            return [*replies, Error("refused", "client", str(error), key[1])]
        if opened is None:
            n = len(self.conversations)
            text = f"The engine is full: {n} sessions are open, and one more would make all late."
            return [*replies, Error("refused", "engine", text, key[1])]
        self._seats[key] = opened
        return [*replies, Opened(key[1])]

    def _opened(self, key: Key, request: Open) -> Conversation | None:
        """A new conversation; None if it does not fit."""
        if request.name in self._names:
            raise UserError(f"There is a session named {request.name!r} already: join it.")
        if not self.room:
            return None
        session = Session(self._model, request)
        conversation = Conversation(*key, session, self._now_ns)
        if request.name:
            self._names[request.name] = conversation
        return conversation

    def _joined(self, request: Join) -> Conversation:
        if request.name not in self._names:
            raise UserError(f"There is no session named {request.name!r}.")
        return self._names[request.name]

    def _in_session(self, key: Key, request: Said | Close) -> list[Reply]:
        if key not in self._seats:
            text = f"There is no session {key[1]}; open it first."
            return [Error("unknown-session", "client", text, key[1])]
        if isinstance(request, Close):
            return self._leave(key)
        conversation = self._seats[key]
        try:
            replies = conversation.handle(request, self.room)
        except UserError as error:
            return [Error("refused", "client", str(error), key[1])]
        except Exception as error:  # as in `turn`
            told = self._broken(conversation, error)
            self._waiting += [(client, reply) for client, reply in told if client != key[0]]
            return [reply for client, reply in told if client == key[0]]
        others = [other for other in self._members(conversation) if other != key]
        self._waiting += [(c, Overheard(number, request)) for c, number in others]
        self._waiting += [(c, replace(r, session=number)) for c, number in others for r in replies]
        return [replace(reply, session=key[1]) for reply in replies]

    def _members(self, conversation: Conversation) -> Iterator[Key]:
        return (key for key, other in self._seats.items() if other is conversation)

    def _for_all(self, conversation: Conversation, replies: list[Reply]) -> Iterator[ForClient]:
        for client, number in self._members(conversation):
            for reply in replies:
                yield client, replace(reply, session=number)

    def _broken(self, conversation: Conversation, error: Exception) -> list[ForClient]:
        """End a session that cannot go on; what happened goes to the log."""
        logging.getLogger(__name__).error("session %s ended", conversation.number, exc_info=error)
        error.__traceback__ = None  # else it would keep alive what it happened to
        text = "The engine ended this session because of a fault of its own; open it anew."
        told = Error("internal", "engine", text, conversation.number)
        replies = list(self._for_all(conversation, [told]))
        for key in list(self._members(conversation)):
            self._leave(key)
        return replies

    def _leave(self, key: Key) -> list[Reply]:
        """A client is done with a session; it ends with the last of those who share it."""
        conversation = self._seats.pop(key, None)
        if conversation is None or any(self._members(conversation)):
            return []
        self._names = {n: c for n, c in self._names.items() if c is not conversation}
        return conversation.interrupt()

    def _status(self) -> Status:
        pulse, sessions = self._pulse, len(self.conversations)
        return Status(
            self._name, sessions, self._model.slot_bytes, pulse.uptime_ms, pulse.tokens, self.room
        )
