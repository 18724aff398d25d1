"""What a session's journal says: all that was played, answered and done by hand, in order. Pure.

The first frame is `Began`; then come the performer's messages (`link.py`), and what decides the
notes besides: what the engine said, what came by hand, and when the loop was turned. A gap in the
numbers is something that was lost. Kinds of a later version are passed over: kinds and fields are
only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from msgspec import Struct

from antiphon.engine.protocol import Reply

from . import link, midi
from .checked_frames import frames
from .config import Settings
from .timeline import Timeline

VERSION = 1


class Began(Struct, frozen=True, array_like=True, tag="began"):
    """First of all: what was to be played, and when."""

    version: int
    """Version of this format."""
    at: str
    """Wall clock with its offset from UTC, ISO 8601: for people, nothing is counted from it."""
    origin_ns: int
    """Monotonic nanoseconds of tick 0."""
    settings: Settings
    bundle: str | None = None
    """Folder of the model, None for the one that is shipped."""
    fingerprint: str = ""
    """Of the model, see `fingerprint.py`; empty if nobody knows."""
    title: str = ""
    """Name of the piece, for people."""


class Replied(Struct, frozen=True, array_like=True, tag="replied"):
    """The engine said something."""

    reply: Reply


class ByHand(Struct, frozen=True, array_like=True, tag="hand"):
    """A command came, see `hand.py`."""

    command: bytes


class Turn(Struct, frozen=True, array_like=True, tag="turn"):
    """The loop was turned, and since the last of these all that happened happened in this turn."""

    at_ns: int


Event = link.Message | Began | Replied | ByHand | Turn

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class Journal(NamedTuple):
    """What a journal says, as far as it can be read."""

    began: Began
    events: tuple[Event, ...]
    """All after `began`, in order."""
    missing: int
    """Events that found no room while the journal could not be written."""
    cut: int
    """Bytes behind the last event that can be read: torn, spoilt, or just being written."""


class Moment(NamedTuple):
    """All that came in one turn of the loop."""

    at_ns: int
    """Monotonic nanoseconds that the turn knew."""
    played: tuple[link.Played, ...] = ()
    """MIDI messages of the player's, and when they were played."""
    engine: tuple[link.EngineIs | Replied, ...] = ()
    """What the engine said, and whether it came or went before that."""
    by_hand: tuple[bytes, ...] = ()
    """Commands, obeyed after everything else."""
    timelines: tuple[Timeline, ...] = ()
    """Musical time from here on, before everything else; usually none."""


class Figures(NamedTuple):
    """A session in figures."""

    seconds: float
    """From the start of the loop to its last turn."""
    played: int
    """Notes of the player's."""
    answered: int
    """Notes of the answers, as far as they sounded."""


def body(event: Event) -> bytes:
    """The body of an event's frame. [any thread]"""
    return _encoder.encode(event)


def read(data: bytes) -> Journal | None:
    """A journal from the bytes of its file, None if not even its beginning can be read."""
    events: list[Event] = []
    end = number = missing = 0
    for frame in frames(data):
        missing += max(0, frame.number - number - 1)
        end, number = frame.end, frame.number
        if (event := _decoded(frame.body)) is not None:
            events.append(event)
    if not events or not isinstance(events[0], Began):
        return None
    return Journal(events[0], tuple(events[1:]), missing, len(data) - end)


def figures(journal: Journal) -> Figures:
    """How long a session was, and how much was played."""
    turns = [event.at_ns for event in journal.events if isinstance(event, Turn)]
    ended_ns = max(turns, default=journal.began.origin_ns)
    # It may end before the song began, in its count-in.
    seconds = max(0, ended_ns - journal.began.origin_ns) / 1e9
    played = sum(isinstance(e, link.Played) and _strikes(e.message) for e in journal.events)
    answered = sum(isinstance(e, link.Sounded) and _strikes(e.message) for e in journal.events)
    return Figures(seconds, played, answered)


def moments(events: Iterable[Event]) -> Iterator[Moment]:
    """The turns of the loop; what follows the last of them is left out."""
    since: list[Event] = []
    for event in events:
        if isinstance(event, Turn):
            yield _moment(event.at_ns, since)
            since = []
        else:
            since.append(event)


def _moment(at_ns: int, events: list[Event]) -> Moment:
    return Moment(
        at_ns,
        tuple(event for event in events if isinstance(event, link.Played)),
        tuple(event for event in events if isinstance(event, link.EngineIs | Replied)),
        tuple(event.command for event in events if isinstance(event, ByHand)),
        tuple(event.timeline for event in events if isinstance(event, link.Retimed)),
    )


def _strikes(message: bytes) -> bool:
    return midi.kind(message) == midi.NOTE_ON


def _decoded(data: bytes) -> Event | None:
    """An event; None if a later version wrote it."""
    try:
        return _decoder.decode(data)
    # A text that is no UTF-8 and a nest without end are not among msgspec's own errors.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
