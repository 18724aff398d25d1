"""Where everything meets: keys, session, engine and schedule, one turn of the loop at a time.

The performer turns it in real time, a bounce in virtual time; it is the same code. It owns no
clock, and what it plays goes to whatever was handed in.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from antiphon.engine.notes import Event
from antiphon.engine.protocol import MOST_EVENTS, Error, Listen, Reply, Request

from .actions import Action
from .copy_warning import CopyWarning
from .effects import Effect, Plan, Recall, Release, Retime, Say, Send, Tell, Turned
from .partner import SESSION_ID
from .scheduler import PLAN_CAPACITY, Scheduler
from .session import Session
from .timeline import Timeline

BROKEN = ("internal", "unknown-session")
"""Errors after which the engine no longer knows the session."""
RENEW_EVERY_NS = 1_000_000_000
"""How often at most the connection is begun anew."""


class Input(Protocol):
    """Where the player's keys come from."""

    def receive(self) -> bytes | None:
        """The next MIDI message, None if there is none now. [loop]"""


class Output(Protocol):
    """Where notes go."""

    def send(self, message: bytes) -> None:
        """One MIDI message, now. [loop]"""


class Engine(Protocol):
    """What the stage needs of a `Client`."""

    @property
    def present(self) -> bool:
        """Whether an engine is there. [loop]"""

    def send(self, request: Request) -> bool:
        """Send without waiting; whether there was room. [loop]"""

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come. [loop]"""

    def renew(self, now_ns: int) -> None:
        """Begin anew with the engine, as if it had been lost. [loop]"""


class Witness(Protocol):
    """Who is told what happened, after it happened. Must not block."""

    def played(self, now_ns: int, message: bytes) -> None:
        """The player did this at that time, which may be a moment ago."""

    def planned(self, plan: Plan) -> None:
        """A note of the answer is known."""

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        """A message of the answer went out: when it was to be heard, and when it is."""

    def turned(self, now_ns: int, turned: Turned) -> None:
        """It is someone else's turn."""

    def released(self, now_ns: int) -> None:
        """What was planned will not sound."""

    def recalled(self, from_ns: int) -> None:
        """What was planned to begin at a time or later will not sound."""

    def retimed(self, now_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on."""

    def said(self, now_ns: int, text: str) -> None:
        """The player is told a sentence."""

    def troubled(self, now_ns: int, error: Error) -> None:
        """The engine could not do what it was asked for."""


class Stage:
    """One turn of the loop: drain what came, act, play what is due. [loop]"""

    def __init__(
        self,
        session: Session,
        source: Input,
        output: Output,
        engine: Engine,
        witness: Witness,
        capacity: int = PLAN_CAPACITY,
        *,
        thru: Callable[[bytes], None] | None = None,
        dated: Callable[[int], int] | None = None,
    ) -> None:
        """`thru` takes what the player plays, if it is not to go where the answer goes; `dated`
        tells, at a time, when the message was played that `source` has just given.
        """
        self.session = session
        self.scheduler = Scheduler(capacity)
        self._source, self._output, self._engine = source, output, engine
        self._witness = witness
        self._latency = session.latency
        self._thru = thru or output.send
        self._dated = dated or self._latency.played_ns
        self._copies = CopyWarning()
        self._present = False
        self._astray = False
        self._renewable_ns = 0
        self._heard: list[Event] = []

    def turn(self, now_ns: int) -> None:
        """Do everything that is due at `now_ns`."""
        while (message := self._source.receive()) is not None:
            self._thru(message)
            played_ns = self._dated(now_ns)
            self._do(now_ns, self.session.midi(played_ns, message))
            self._witness.played(played_ns, message)
        self._tell_heard()
        self._listen_to_engine(now_ns)
        self._do(now_ns, self.session.tick(now_ns))
        self._tell_heard()
        self.sound(now_ns)

    def sound(self, now_ns: int) -> None:
        """Send what is due at `now_ns`, as a turn does behind all else. [loop]"""
        # The schedule is in the time of who listens: what is sent now is heard then.
        heard_ns = self._latency.heard_ns(now_ns)
        due = self.scheduler.due(heard_ns)
        for sent in due:  # a chord leaves together, and is told of afterwards
            self._output.send(sent.message)
        for sent in due:
            self.scheduler.done(sent, heard_ns)
            self._witness.sounded(sent.wanted_ns, heard_ns, sent.message)

    def next_ns(self) -> int | None:
        """When the next turn has something to do, if no key and no reply comes before."""
        times = [] if (session_ns := self.session.next_ns) is None else [session_ns]
        if (due_ns := self.scheduler.next_due_ns()) is not None:
            times.append(due_ns - self._latency.output_ns)
        return min(times, default=None)

    def handover(self, now_ns: int, start: int | None = None) -> None:
        """Give the turn away, take it back, or ask for more, as the pedal would.

        An answer begins at tick `start`, if None as soon as can be.
        """
        self._do(now_ns, self.session.handover(now_ns, start))

    def act(self, now_ns: int, action: Action) -> None:
        """Do what the player asks for by hand."""
        self._do(now_ns, self.session.act(now_ns, action))
        self._tell_heard()

    def retime(self, now_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on."""
        self._do(now_ns, self.session.retime(now_ns, timeline))

    def silence(self, now_ns: int) -> None:
        """End the answer and everything of it that sounds; one that is prepared never begins."""
        self._do(now_ns, self.session.silence(now_ns))

    def _listen_to_engine(self, now_ns: int) -> None:
        if self._astray and now_ns >= self._renewable_ns:
            # What it did not hear it would never know: greet it anew and tell it everything.
            self._renewable_ns = now_ns + RENEW_EVERY_NS
            self._engine.renew(now_ns)
        replies = self._engine.poll(now_ns)
        if self._engine.present != self._present:
            self._present = self._engine.present
            self._astray = False
            session = self.session
            self._do(now_ns, session.back(now_ns) if self._present else session.lost(now_ns))
        elif not self._present and self.session.waiting:
            self._do(now_ns, self.session.lost(now_ns))
        for reply in replies:
            if isinstance(reply, Error):
                self._astray |= reply.code in BROKEN
                self._witness.troubled(now_ns, reply)
            self._do(now_ns, self.session.engine(now_ns, reply) + self._copies.hear(reply))

    def _do(self, now_ns: int, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Tell(Listen() as listen):
                    self._heard += listen.events
                case Tell(request):
                    self._tell(request)
                case Plan(on_ns, off_ns, channel, note, generation):
                    key = channel, note.pitch, note.velocity
                    self.scheduler.add(on_ns, off_ns, *key, generation)
                    self._witness.planned(effect)
                case Say(text):
                    self._witness.said(now_ns, text)
                case Send(message):
                    self._output.send(message)
                case Release():
                    self._release(now_ns)
                case Recall(from_ns):
                    self.scheduler.recall(from_ns)
                    self._witness.recalled(from_ns)
                case Retime(before, after):
                    self.scheduler.retime(before, after)
                    self._witness.retimed(now_ns, after)
                case Turned():
                    self._witness.turned(now_ns, effect)

    def _tell(self, request: Request) -> None:
        """Send a request behind what was heard before it."""
        self._tell_heard()
        self._astray |= not self._engine.send(request)

    def _tell_heard(self) -> None:
        """Send what was heard since the last time, a chord or a glissando as one message."""
        while self._heard:
            events, self._heard = tuple(self._heard[:MOST_EVENTS]), self._heard[MOST_EVENTS:]
            self._astray |= not self._engine.send(Listen(SESSION_ID, events))

    def _release(self, now_ns: int) -> None:
        heard_ns = self._latency.heard_ns(now_ns)
        for sent in self.scheduler.release(heard_ns):
            self._output.send(sent.message)
            self._witness.sounded(heard_ns, heard_ns, sent.message)
        self._witness.released(heard_ns)
