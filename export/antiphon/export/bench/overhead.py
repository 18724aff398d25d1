"""What a token costs beside the model: masks, draws, notes, messages; at a desk, without sockets.

The model is what happens inside ONNX Runtime, and nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from antiphon.engine import model as runtime
from antiphon.engine.desk import Desk
from antiphon.engine.graph import Call, Graph
from antiphon.engine.notes import Event, Note, events_of
from antiphon.engine.protocol import (
    Answer,
    Close,
    Heard,
    Listen,
    Open,
    Request,
    decode_request,
    encode,
)

from .stopwatch import Stopwatch

HEARD_NOTES = 340
"""Notes of the phrase before: some thousand rows, so that attention has all it reaches."""
APART = 6
"""Ticks from one to the next."""
TOKENS_A_HEARD = 5
"""Tokens of a session that are drawn from one word about the play head to the next."""
FAR = 2**30
CLIENT = b"bench"


@dataclass(frozen=True, slots=True)
class Overhead:
    """What a token of one session costs, in microseconds of processor time."""

    sessions: int
    token_us: float
    beside_us: float
    """Of it what is not the model."""

    @property
    def share(self) -> float:
        """Of a token's time what is not the model, 0 to 1."""
        return self.beside_us / self.token_us


def measured(model: runtime.Model, sessions: int, rounds: int, turns: int = 60) -> Overhead:
    """Medians over rounds of so many tokens of each of some sessions, all of which draw. Blocks."""
    players = _Players(model, sessions)
    players.turn(2 * TOKENS_A_HEARD)
    found = [_round(players, turns) for _ in range(rounds)]
    token, share = (median(column) for column in zip(*found, strict=True))
    players.leave()
    return Overhead(sessions, token, token * share)


def _round(players: _Players, turns: int) -> tuple[float, float]:
    """Microseconds of a token, and the part of them that is not the model's."""
    watch = Stopwatch()
    with watch.on(Call, "run"), watch.on(Graph, "run"):
        began = time.process_time_ns()
        players.turn(turns)
        spent = time.process_time_ns() - began
    return spent / 1000 / turns / players.sessions, 1 - watch.ns / spent


class _Players:
    """Sessions that have heard a phrase and are being answered, without end."""

    def __init__(self, model: runtime.Model, sessions: int) -> None:
        self.sessions = sessions
        self._desk = Desk(model, "bench", time.monotonic_ns)
        phrase, end = _phrase()
        for session in range(sessions):
            self._say(Open(session, seed=session))
            self._say(Listen(session, phrase))
        while self._desk.busy:
            self._desk.turn()
        for session in range(sessions):
            self._say(Answer(session, 1, start=end, until=FAR, prompt=True))
            self._say(Heard(session, end, 0))
        # Each goes on until its plan is a horizon long, which is here as good as nothing: so all
        # have settled and drawn, and then none waits for another.
        while self._desk.busy:
            self._desk.turn()

    def turn(self, turns: int) -> None:
        """A token for everyone, so often; with the words that go to and fro meanwhile."""
        for turn in range(turns):
            if turn % TOKENS_A_HEARD == 0:
                for session in range(self.sessions):
                    self._say(Heard(session, 0, FAR))
            for _, reply in self._desk.turn():
                encode(reply)

    def leave(self) -> None:
        """Give back their places."""
        for session in range(self.sessions):
            self._say(Close(session))

    def _say(self, request: Request) -> None:
        for reply in self._desk.handle(CLIENT, decode_request(encode(request))):
            encode(reply)


def _phrase() -> tuple[tuple[Event, ...], int]:
    """Its key events, and the tick behind it."""
    notes = [Note(APART * i, 0, 48 + 5 * i % 29, APART, 80) for i in range(HEARD_NOTES)]
    return tuple(events_of(notes)), APART * HEARD_NOTES
