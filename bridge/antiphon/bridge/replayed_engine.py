"""The engine for whoever plays a recorded session again: what it said then, in today's words.

It is asked again for everything, and in each turn says as much as it did then, neither sooner nor
later: so its notes meet the same moments, and whatever then was late or lost is so again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from antiphon.engine.notes import TICKS_PER_BEAT, Note, events_of, shortened
from antiphon.engine.protocol import (
    Answer,
    Cancel,
    Done,
    Error,
    Heard,
    Infill,
    Keep,
    Listen,
    Notes,
    Reply,
    Request,
    Rewind,
)

from .client import Client
from .journal import Event, Moment, Replied
from .link import EngineIs
from .real_time_engine import RealTimeEngine

FAR_TICKS = 8 * TICKS_PER_BEAT
"""How much further an engine that says nothing may go, each time."""


class Line(NamedTuple):
    """One take of one answer."""

    generation: int
    take: int


class ReplayedEngine:
    """An engine of now, for a stage that lives then. [may block]

    Everything that waits raises EngineLost when the engine is gone.
    """

    def __init__(self, client: Client, events: Iterable[Event]) -> None:
        self._client, self._real = client, RealTimeEngine(client)
        events = tuple(events)
        self._then, self._finished = _lengths(events), _finished(events)
        self._now: dict[Line, list[Note]] = defaultdict(list)
        self._given: Counter[Line] = Counter()
        self._done: set[Line] = set()
        self._awaited: tuple[Line, ...] = ()
        """What is being made and was not given up."""
        self._drafts = False
        """Whether it counts for nothing as yet."""
        self._session = self._position = self._start = 0
        self._loose: int | None = None
        """Tick from which on the engine may have made more than it had then; None: nowhere."""
        self._latest: list[Note] = []
        """What it had made then of the chord at that tick."""
        self._moment = Moment(0)
        self.present = False
        """Whether an engine was there then."""
        self.differs = False
        """Whether it has said anything else than it said then."""
        self.refusals: list[str] = []
        """What it will not do."""

    def cue(self, moment: Moment) -> None:
        """This is what happened in the next turn."""
        self._moment = moment

    def send(self, request: Request) -> bool:
        """Ask now what was asked then, when as much was made as had been then."""
        if not self.present:
            return True
        match request:
            case Heard(_, position):
                self._position = position
            case Keep(_, generation, take):
                self._awaited, self._drafts = (Line(generation, take),), False
            case _:
                self._give_up()
                self._tie_up(request)
        if isinstance(request, Answer | Infill):
            self._start = request.start
            takes = request.takes if isinstance(request, Answer) else 0
            self._session, self._drafts = request.session, takes > 0
            self._awaited = tuple(Line(request.generation, take) for take in range(takes or 1))
        return self._real.send(request)

    def poll(self, now_ns: int) -> list[Reply]:
        """What was said in this turn, then."""
        said: list[Reply] = []
        for event in self._moment.engine:
            if isinstance(event, EngineIs):
                self._come_or_go(event.present)
            else:
                said += self._again(event.reply)
        return said

    def renew(self, now_ns: int) -> None:
        """What came of it then will come of it now."""

    def _come_or_go(self, present: bool) -> None:
        if self.present:
            self._client.renew(0)
            self._awaited, self._loose = (), None
        while present and not self._client.present:
            self._hear()
        self.present = present

    def _again(self, reply: Reply) -> list[Reply]:
        """What is said now for what was said then; of what was given up, what was said then."""
        match reply:
            case Notes(session, generation, notes, take) if (generation, take) in self._awaited:
                again = self._next(Line(generation, take), len(notes))
                self.differs |= again != notes
                return [Notes(session, generation, again, take)] if again else []
            case Done(session, generation) if (generation, reply.take) in self._awaited:
                rest = self._next(Line(generation, reply.take), None)
                self.differs |= bool(rest)
                return [Notes(session, generation, rest, reply.take), reply] if rest else [reply]
        return [reply]

    def _next(self, line: Line, count: int | None) -> tuple[Note, ...]:
        """So many notes more of a line, None for all of them; fewer only if there are no more."""
        begin = self._given[line]
        end = None if count is None else begin + count
        self._await(line, end)
        notes = tuple(self._now[line][begin:end])
        self._given[line] += len(notes)
        return notes

    def _await(self, line: Line, count: int | None) -> None:
        horizon = FAR_TICKS
        while line not in self._done and (count is None or len(self._now[line]) < count):
            if not self._hear():
                # With other notes than then it may want to know of a time further on.
                self._real.send(Heard(self._session, self._position, horizon))
                horizon += FAR_TICKS

    def _give_up(self) -> None:
        """What was being made is not wanted any more: have it made as far as it was then.

        How far that was depended on how quick the engine was, and what it has made it remembers.
        """
        for line in self._awaited:
            self._await(line, self._then[line])
        counts = not self._drafts and not self._finished.issuperset(self._awaited)
        if counts:
            self._loosen(*self._awaited)
        if not self._done.issuperset(self._awaited):
            self._real.send(Cancel(self._session))
            for line in self._awaited:
                self._await(line, None)
        self._awaited = ()

    def _loosen(self, line: Line) -> None:
        """Find out from where on the engine is to forget, and what of its chord it is not to."""
        count = self._then[line]
        made = self._now[line][:count]
        self._loose, self._latest = self._start, []
        if made:
            tick = made[-1].onset
            while line not in self._done and self._now[line][-1].onset == tick:
                self._await(line, len(self._now[line]) + 1)
            whole = all(note.onset > tick for note in self._now[line][count:])
            self._loose = tick + 1 if whole else tick
            self._latest = [] if whole else [note for note in made if note.onset == tick]

    def _tie_up(self, request: Request) -> None:
        """Have the engine forget what it had not made then, unless the request does it.

        A rewind takes whole chords: what then was made of one is told again.
        """
        loose = self._loose
        if loose is None or isinstance(request, Cancel):
            return
        self._loose = None
        cut = request.tick if isinstance(request, Rewind) else None
        if cut is not None and cut <= loose:
            return
        self._real.send(Rewind(self._session, loose, keeps_ends=True))
        if isinstance(request, Rewind) and not request.keeps_ends:
            self._latest = [shortened(note, min(note.end, request.tick)) for note in self._latest]
        if self._latest:
            self._real.send(Listen(self._session, tuple(events_of(self._latest))))

    def _hear(self) -> bool:
        """Wait a little for the engine, and note what it says; whether it said anything."""
        self._real.wait()
        replies = self._real.poll(0)
        for reply in replies:
            match reply:
                case Notes(_, generation, notes, take):
                    self._now[Line(generation, take)] += notes
                case Done(_, generation, "cancelled"):
                    self._done.update(line for line in self._awaited if line[0] == generation)
                case Done(_, generation):
                    self._done.add(Line(generation, reply.take))
                case Error():
                    self._done.update(self._awaited)
                    self.refusals.append(reply.text)
        return bool(replies)


def _lengths(events: Iterable[Event]) -> Counter[Line]:
    """How many notes there were of each line."""
    lengths: Counter[Line] = Counter()
    for event in events:
        if isinstance(event, Replied) and isinstance(event.reply, Notes):
            lengths[Line(event.reply.generation, event.reply.take)] += len(event.reply.notes)
    return lengths


def _finished(events: Iterable[Event]) -> set[Line]:
    """The lines that came to their end."""
    said = [event.reply for event in events if isinstance(event, Replied)]
    dones = [reply for reply in said if isinstance(reply, Done) and reply.reason != "cancelled"]
    return {Line(done.generation, done.take) for done in dones}
