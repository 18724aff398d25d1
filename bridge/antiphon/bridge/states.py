"""Whose turn it is, as a table: every step there is, and no other.

The picture in the docs is drawn from `TABLE`.
"""

from __future__ import annotations

from enum import Enum

from antiphon.engine.errors import IllegalStep


class State(Enum):
    """Whose turn it is."""

    IDLE = "idle"
    LISTENING = "listening"
    PREPARED = "prepared"
    """Still the player's turn; the answer to what may be the whole phrase is being made."""
    ANSWERING = "answering"
    RECOVERING = "recovering"
    TOGETHER = "together"
    """Both play at once."""


TABLE: dict[tuple[State, str], State] = {
    (State.IDLE, "key"): State.LISTENING,
    (State.IDLE, "ask"): State.ANSWERING,
    (State.LISTENING, "over"): State.ANSWERING,
    (State.LISTENING, "pause"): State.PREPARED,
    (State.PREPARED, "goes on"): State.LISTENING,
    (State.PREPARED, "over"): State.ANSWERING,
    (State.PREPARED, "finished"): State.IDLE,
    (State.PREPARED, "lost"): State.LISTENING,
    (State.ANSWERING, "key"): State.LISTENING,
    (State.ANSWERING, "goes on"): State.LISTENING,
    (State.ANSWERING, "ask"): State.ANSWERING,
    (State.ANSWERING, "finished"): State.IDLE,
    (State.ANSWERING, "lost"): State.RECOVERING,
    (State.RECOVERING, "key"): State.LISTENING,
    (State.RECOVERING, "back"): State.ANSWERING,
    (State.RECOVERING, "finished"): State.IDLE,
    (State.IDLE, "join"): State.TOGETHER,
    (State.ANSWERING, "join"): State.TOGETHER,
    (State.RECOVERING, "join"): State.TOGETHER,
    (State.LISTENING, "finished"): State.IDLE,
    (State.TOGETHER, "finished"): State.IDLE,
}
"""Every step there is; any other raises IllegalStep and changes nothing."""


def step(state: State, event: str) -> State:
    """The state after an event; IllegalStep if the table has no such step."""
    try:
        return TABLE[state, event]
    except KeyError:
        raise IllegalStep(f"nothing can be {event!r} while {state.value}") from None
