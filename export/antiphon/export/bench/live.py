"""A live load: many players at one engine, on real sockets and in real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon.engine.capacity import NOTES_A_SECOND
from antiphon.engine.errors import EngineLost
from antiphon.engine.protocol import Close, Reply, Status, StatusRequest

from .child import Child, Taken
from .player import HEARD, PLAYED, Player
from .wire import Wire, wait

EACH = 8
"""Sessions of one client."""
LATE_MS = 50.0
"""An answer that begins later than this is late."""
TOO_MANY = 2
"""Sessions beyond what fits that ask to be let in where a full house is asked for."""
ANSWERS_MS = 10_000
"""An engine that says nothing for so long is lost."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was asked for, and what came of it."""

    sessions: int
    room: int
    """How many fit, as the engine said when nobody was in."""
    refused: int
    """Of them those that the engine did not let in, or ended."""
    seconds: float
    events_a_second: float
    """Notes played and heard, of each session."""
    answers: int
    start_ms: dict[str, float]
    """From question to first note: `p50`, `p95`, `p99` and `max`."""
    late: int
    """Answers that began later than `LATE_MS`."""
    dry: int
    """Times that a note was due and not there."""
    busy: float
    """Processor time of the engine, all its threads, over time; 1 is one core."""
    memory_mb: float
    lag_ms: float
    """How late the players themselves were at most in 99 of 100 things they did."""


def load(
    bundle: Path | None,
    sessions: int | None,
    seconds: float,
    notes_a_second: float = NOTES_A_SECOND,
    told: Callable[[], None] = lambda: None,
) -> Load:
    """Let so many play for so long; `told` is called once a second. Blocks.

    No number of sessions is a full house: as many as fit, and `TOO_MANY` more.
    """
    child = Child(bundle)
    try:
        hall = Hall(child.endpoint, sessions, notes_a_second, seconds / 2)
        for _ in range(max(1, round(seconds))):
            hall.play(min(1.0, seconds))
            told()
        hall.close()
    finally:
        taken = child.close()
    return _load(hall, taken)


class Hall:
    """All players and their connections, on one thread; `each` is the sessions of a client.

    EngineLost if there is no engine.
    """

    def __init__(
        self,
        endpoint: str,
        sessions: int | None,
        notes_a_second: float,
        in_within_s: float,
        each: int = EACH,
    ) -> None:
        self._each = each
        first = Wire(endpoint)
        self.room = _room(first)
        sessions = sessions or self.room + TOO_MANY
        self._wires = [first, *(Wire(endpoint) for _ in range((sessions - 1) // each))]
        # They come in one after the other, so that they do not all ask at once for ever.
        cycle_s = min((PLAYED + HEARD) / notes_a_second, in_within_s)
        apart_ns = round(cycle_s * 1e9) // sessions
        self.began_ns = self.ended_ns = now_ns = time.monotonic_ns()
        self.players = [Player(n, notes_a_second, now_ns + apart_ns * n) for n in range(sessions)]
        self.lags_ms: list[float] = []

    def play(self, seconds: float) -> None:
        """Go on for so long."""
        until_ns = time.monotonic_ns() + round(seconds * 1e9)
        while (now_ns := time.monotonic_ns()) < until_ns:
            for player in self.players:
                if player.due_ns <= now_ns:
                    self._act(player, now_ns)
            next_ns = min(until_ns, *(player.due_ns for player in self.players))
            # Up: to be a millisecond late is better than to take the processor from the engine.
            self._hear(max(0, -((time.monotonic_ns() - next_ns) // 1_000_000)))

    def close(self) -> None:
        """Everyone goes home."""
        self.ended_ns = time.monotonic_ns()
        for player in self.players:
            player.leave(self.ended_ns)
            self._wire(player).say(Close(player.session))
        for wire in self._wires:
            wire.close()

    def _act(self, player: Player, now_ns: int) -> None:
        self.lags_ms.append((now_ns - player.due_ns) / 1e6)
        for request in player.act(now_ns):
            self._wire(player).say(request)

    def _hear(self, timeout_ms: int) -> None:
        for wire in wait(self._wires, timeout_ms):
            for reply in wire.heard():
                self._take(reply)

    def _take(self, reply: Reply) -> None:
        session = getattr(reply, "session", None)
        if session is not None:
            self.players[session].take(reply, time.monotonic_ns())

    def _wire(self, player: Player) -> Wire:
        return self._wires[player.session // self._each]


def _room(wire: Wire) -> int:
    """How many sessions fit into an engine that has none. EngineLost if it does not answer."""
    wire.say(StatusRequest())
    for reply in wire.heard() if wait([wire], ANSWERS_MS) else ():
        if isinstance(reply, Status):
            return reply.room
    raise EngineLost("The engine did not say how many fit.")


def _load(hall: Hall, taken: Taken) -> Load:
    seconds = (hall.ended_ns - hall.began_ns) / 1e9
    players = [player for player in hall.players if not player.refused]
    played_s = sum(hall.ended_ns - player.begins_ns for player in players) / 1e9
    starts = [ns / 1e6 for player in players for ns in player.starts_ns]
    return Load(
        sessions=len(hall.players),
        room=hall.room,
        refused=len(hall.players) - len(players),
        seconds=seconds,
        events_a_second=sum(player.events for player in players) / played_s if players else 0,
        answers=len(starts),
        start_ms=_spread(starts),
        late=sum(ms > LATE_MS for ms in starts),
        dry=sum(player.dry for player in players),
        busy=taken.cpu_s / seconds,
        memory_mb=taken.memory_mb,
        lag_ms=_at(hall.lags_ms, 99),
    )


def _spread(values: list[float]) -> dict[str, float]:
    return {f"p{percent}": _at(values, percent) for percent in (50, 95, 99)} | {
        "max": max(values, default=0.0)
    }


def _at(values: list[float], percent: int) -> float:
    """The least value that so many percent do not exceed; 0 of nothing."""
    return float(np.percentile(values, percent, method="inverted_cdf")) if values else 0.0
