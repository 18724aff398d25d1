"""What was played and answered so far, as an engine that comes back must hear it again. Pure.

past       finished exchanges
phrase     what the player did since the latest turn began
answer     what of the answer to it has sounded, once it is over
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from antiphon.engine.notes import Event, Note, NoteOff, NoteOn, Pedal, events_of

LATEST = 4000
"""Latest key events that are told again to an engine that came back."""
EXCHANGES = 64
"""How many exchanges can be taken back."""


class Place(NamedTuple):
    """A phrase somewhere in time."""

    phrase: tuple[Event, ...]
    begin: int | None
    """Tick at which its exchange begins."""


class History:
    """The conversation so far. [loop]"""

    def __init__(self) -> None:
        self.phrase: list[Event] = []
        """What the player did since the latest turn began, in order."""
        self.answer: list[Note] = []
        """What sounded of the answer to it."""
        self._past: list[Event] = []
        self._begins: deque[int] = deque(maxlen=EXCHANGES)
        """Ticks at which the latest exchanges began."""

    def begin(self, tick: int) -> None:
        """A new exchange begins at a tick."""
        self._past = self._in_order()[-LATEST:]
        self.phrase, self.answer = [], []
        self._begins.append(tick)

    def add(self, events: Iterable[Event]) -> None:
        """The player did this; the exchange begins with it at the latest."""
        new = [*events]
        if new and self._begins:
            self._begins[-1] = min(self._begins[-1], new[0].tick)
        self.phrase += new
        if len(self.phrase) > 2 * LATEST:
            del self.phrase[:-LATEST]

    @property
    def latest(self) -> tuple[Event, ...]:
        """The latest events of all, in order."""
        return tuple(self._in_order()[-LATEST:])

    @property
    def begin_tick(self) -> int | None:
        """Tick at which the latest exchange began, None if there is none."""
        return self._begins[-1] if self._begins else None

    def move_phrase(self, ticks: int, until: int | None = None) -> None:
        """The phrase counts as played so many ticks later, all of it by tick `until`."""
        self.phrase = [moved(event, ticks, until) for event in self.phrase]
        if self._begins:
            self._begins[-1] += ticks

    @property
    def place(self) -> Place:
        """Where the phrase is."""
        return Place(tuple(self.phrase), self.begin_tick)

    def put_back(self, place: Place) -> None:
        """The phrase is where it was."""
        self.phrase = [*place.phrase]
        if place.begin is not None:
            self._begins[-1] = place.begin

    def take_back(self) -> int | None:
        """Forget the latest exchange; the tick at which it began, None if there is none left."""
        if not self._begins:
            return None
        tick = self._begins.pop()
        self.phrase, self.answer = [], []
        self._past = [event for event in self._past if event.tick < tick]
        return tick

    def _in_order(self) -> list[Event]:
        new = [*self.phrase, *events_of(self.answer)]
        return self._past + sorted(new, key=lambda event: event.tick)


def moved(event: Event, ticks: int, until: int | None = None) -> Event:
    """The same event so many ticks later, but not after `until`."""
    tick = event.tick + ticks if until is None else min(event.tick + ticks, until)
    match event:
        case NoteOn(_, instrument, pitch, velocity):
            return NoteOn(tick, instrument, pitch, velocity)
        case NoteOff(_, instrument, pitch):
            return NoteOff(tick, instrument, pitch)
        case Pedal(_, instrument, down):
            return Pedal(tick, instrument, down)
