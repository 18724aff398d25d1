"""What a token costs beside the model: masks, draws, notes, messages; at a desk, without sockets.

The model is what happens inside ONNX Runtime, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from antiphon.engine import model as runtime
from antiphon.engine.desk import Desk
from antiphon.engine.notes import Event, Note, events_of
from antiphon.engine.protocol import (
    Answer,
    Close,
    Heard,
    Listen,
    Open,
    Request,
    Status,
    StatusRequest,
    decode_request,
    encode,
)

from .ours import in_the_model

HEARD_NOTES = 340
"""Notes of the phrase before: some thousand rows, so that attention has all it reaches."""
APART = 6
"""Ticks from one to the next."""
TOKENS_A_HEARD = 5
"""Tokens of a session that are drawn from one word about the play head to the next."""
FAR = 2**30
ASKED = 100
"""Times that the clock is asked to learn what that takes."""
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


def measured(
    model: runtime.Model,
    sessions: int,
    rounds: int,
    turns: int = 60,
    told: Callable[[], None] = lambda: None,
) -> Overhead:
    """Medians over rounds of so many turns of some sessions, all of which draw. Blocks.

    `told` is called after each round.
    """
    players = _Players(model, sessions)
    players.turn(2 * TOKENS_A_HEARD)
    found = []
    for _ in range(rounds):
        found.append(_round(players, turns))
        told()
    token, share = (median(column) for column in zip(*found, strict=True))
    players.leave()
    return Overhead(sessions, token, token * share)


def _round(players: _Players, turns: int) -> tuple[float, float]:
    """Microseconds of a token, and the part of them that is not the model's."""
    drawn, spent_ns = players.drawn, time.thread_time_ns()
    with in_the_model() as watch:
        players.turn(turns)
    spent_ns = time.thread_time_ns() - spent_ns
    # On some machines to ask for processor time takes as long as a token: it is taken off.
    asked_ns = watch.calls * _ask_ns()
    spent_ns -= 2 * asked_ns
    return spent_ns / 1000 / (players.drawn - drawn), 1 - (watch.ns - asked_ns) / spent_ns


def _ask_ns() -> int:
    """How long it takes to ask for processor time once."""
    began = time.thread_time_ns()
    for _ in range(ASKED - 1):
        time.thread_time_ns()
    return (time.thread_time_ns() - began) // ASKED


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

    @property
    def drawn(self) -> int:
        """Tokens of all since the start."""
        (status,) = self._desk.handle(CLIENT, StatusRequest())
        assert isinstance(status, Status)
        return status.tokens

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
