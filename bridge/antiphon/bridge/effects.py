"""What a session wants done. The stage does it."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.engine.notes import Note
from antiphon.engine.protocol import Request

from .states import State
from .timeline import Timeline


class Tell(NamedTuple):
    """Send a request to the engine."""

    request: Request


class Plan(NamedTuple):
    """Sound a note of the answer when its time comes."""

    on_ns: int
    off_ns: int
    channel: int
    note: Note
    generation: int


class Release(NamedTuple):
    """Drop everything planned and end everything of the answer that sounds, now."""


class Recall(NamedTuple):
    """Drop what is planned to begin at a time or later; what sounds goes on."""

    from_ns: int


class Retime(NamedTuple):
    """Everything planned keeps its tick: the clock goes otherwise from now on."""

    before: Timeline
    after: Timeline


class Send(NamedTuple):
    """Send a MIDI message now."""

    message: bytes


class Say(NamedTuple):
    """Tell the player a sentence."""

    text: str


class Turned(NamedTuple):
    """It is someone else's turn."""

    state: State
    due_ns: int
    """When the step fell due: the end of the phrase, not the moment it was noticed."""


Effect = Tell | Plan | Release | Recall | Retime | Say | Send | Turned
