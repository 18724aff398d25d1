"""One musical conversation on the player's side. Pure: events in, commands out.

It knows whose turn it is, what was played and answered, and what the engine must be told. It knows
no port, no socket and no clock: every event comes with its time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from antiphon.engine.notes import (
    DRUMS,
    PIANO,
    TICKS_PER_BEAT,
    Event,
    Note,
    NoteOff,
    NoteOn,
    Pedal,
    events_of,
    shortened,
)
from antiphon.engine.protocol import (
    Answer,
    Cancel,
    Done,
    Heard,
    Listen,
    Notes,
    Open,
    Reply,
    Request,
    Rewind,
)
from antiphon.engine.wishes import Constraints

from . import midi
from .channels import Channels
from .config import Settings
from .states import State, step
from .timeline import Timeline
from .turns import Turn

SESSION_ID = 1
HORIZON_TICKS = 4 * TICKS_PER_BEAT
"""How far ahead of the play head the engine may plan."""
HEARD_EVERY_NS = 100_000_000
MIN_ANSWER_TICKS = 4 * TICKS_PER_BEAT
MAX_ANSWER_TICKS = 64 * TICKS_PER_BEAT
RANGE_MARGIN = 7
"""Semitones that an answer may go beyond the highest and lowest key heard."""
PREPARE_NS = 200_000_000
"""How long before a phrase will be over its answer is asked for, in case it really is."""
LEAD_NS = 8_000_000
"""How far ahead an answer begins that was asked for on the spot: time for the engine to have its
first note ready even after a long phrase. A reply that is always as quick beats one that is
sometimes quicker.
"""
HISTORY_EVENTS = 4000
"""Latest key events that are told again to an engine that came back."""


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


class Send(NamedTuple):
    """Send a MIDI message now."""

    message: bytes


class Turned(NamedTuple):
    """It is someone else's turn."""

    state: State
    due_ns: int
    """When the step fell due: the end of the phrase, not the moment it was noticed."""


Command = Tell | Plan | Release | Send | Turned


class Session:
    """The conversation. Every method takes the time and returns what is to be done. [loop]"""

    def __init__(self, settings: Settings, timeline: Timeline, *, paced: bool = True) -> None:
        self.state = State.IDLE
        self.channels = Channels()
        self.generation = 0
        self._settings, self._timeline, self._paced = settings, timeline, paced
        self._turn = Turn()
        self._history: list[Event] = []
        self._late: list[Event] = []
        self._answer: list[Note] = []
        self._start = self._until = 0
        self._complete = False
        self._prepared_ns: int | None = None
        self._heard_ns = 0
        self._instruments: set[int] = set()
        self._lowest, self._highest = 127, 0

    def open(self) -> list[Command]:
        """What to tell an engine that is there: who plays, and what was heard so far."""
        settings = self._settings
        opened = Open(
            SESSION_ID, settings.seed, settings.styles, settings.bpm, settings.metre,
            constraints=self._constraints(), feel=settings.feel,
        )  # fmt: skip
        told = self._history[-HISTORY_EVENTS:]
        return [Tell(opened), *([Tell(Listen(SESSION_ID, tuple(told)))] if told else [])]

    def midi(self, now_ns: int, message: bytes) -> list[Command]:
        """Take a channel message of the player's."""
        channel = midi.channel(message)
        match midi.kind(message):
            case midi.NOTE_ON:
                return self._strike(now_ns, channel, message[1], message[2])
            case midi.NOTE_OFF:
                self._turn.let_go(now_ns, (channel, message[1]))
                tick = self._timeline.tick_at(now_ns)
                return self._hear(NoteOff(tick, self.channels.instrument(channel), message[1]))
            case midi.CONTROL:
                return self._control(now_ns, channel, message[1], message[2])
            case midi.PROGRAM:
                self.channels.heard_program(channel, message[1])
        return []

    def engine(self, now_ns: int, reply: Reply) -> list[Command]:
        """Take what the engine says; notes and ends of earlier generations say nothing."""
        if self.state is not State.ANSWERING and self._prepared_ns is None:
            return []
        match reply:
            case Notes(_, self.generation, notes):
                return [self._planned(note) for note in notes]
            case Done(_, self.generation):
                self._complete = True
        return []

    def tick(self, now_ns: int) -> list[Command]:
        """Let time pass."""
        if self.state is State.LISTENING:
            return self._wait_for_end(now_ns)
        if self.state is not State.ANSWERING:
            return []
        if self._complete and now_ns >= self._ends_ns:
            return self._finish(now_ns)
        return self._pace(now_ns)

    @property
    def next_ns(self) -> int | None:
        """When `tick` will next have something to do, None if only an event can bring it."""
        if self.state is State.LISTENING:
            over_ns = self._over_ns
            early = over_ns is not None and self._prepared_ns is None
            return over_ns - PREPARE_NS if over_ns is not None and early else over_ns
        return self._ends_ns if self.state is State.ANSWERING and self._complete else None

    @property
    def waiting(self) -> bool:
        """Whether the engine still owes part of an answer."""
        return self.state is State.ANSWERING and not self._complete

    def ask(self, now_ns: int) -> list[Command]:
        """Ask for an answer out of turn: more of the same, or music from nothing."""
        return self._ask("ask", now_ns)

    def lost(self, now_ns: int) -> list[Command]:
        """The engine is gone: nothing of the answer may go on sounding."""
        if self._prepared_ns is not None:
            self._prepared_ns = None
            return [Release()]
        if self.state is not State.ANSWERING:
            return []
        self._keep_heard(self._timeline.tick_at(now_ns))
        return [Release(), self._turn_to("lost", now_ns)]

    def back(self, now_ns: int) -> list[Command]:
        """An engine is there again: tell it everything, and let it finish what was begun."""
        commands = self.open()
        if self.state is State.RECOVERING:
            if self._until - self._timeline.tick_at(now_ns) >= TICKS_PER_BEAT:
                return commands + self._ask("back", now_ns, self._until)
            commands.append(self._turn_to("finished", now_ns))
        return commands

    def _strike(self, now_ns: int, channel: int, pitch: int, velocity: int) -> list[Command]:
        commands: list[Command] = []
        if self.state is not State.LISTENING:
            commands = self._begin_turn(now_ns)
        self._turn.strike(now_ns, (channel, pitch))
        instrument = self.channels.instrument(channel)
        self._instruments.add(instrument)
        if instrument != DRUMS:
            self._lowest, self._highest = min(self._lowest, pitch), max(self._highest, pitch)
        tick = self._timeline.tick_at(now_ns)
        return commands + self._hear(NoteOn(tick, instrument, pitch, velocity))

    def _begin_turn(self, now_ns: int) -> list[Command]:
        """The player's turn begins, whoever's it was."""
        commands: list[Command] = []
        interrupted = self.state is State.ANSWERING
        if interrupted:
            tick = self._timeline.tick_at(now_ns)
            self._keep_heard(tick)
            commands = [
                Release(), Tell(Cancel(SESSION_ID)), Tell(Rewind(SESSION_ID, tick)),
            ]  # fmt: skip
        self._turn = Turn()
        commands.append(self._turn_to("key", now_ns))
        return commands + self._catch_up()

    def _control(self, now_ns: int, channel: int, number: int, value: int) -> list[Command]:
        down = value >= midi.PEDAL_DOWN
        if number == midi.SUSTAIN:
            tick = self._timeline.tick_at(now_ns)
            return self._hear(Pedal(tick, self.channels.instrument(channel), down))
        if number == self._settings.handover and down:
            return self.handover(now_ns)
        return []

    def handover(self, now_ns: int) -> list[Command]:
        """The player's pedal: your turn; or, while the answer sounds, enough."""
        if self.state is State.LISTENING:
            return self._ask("over", now_ns)
        if self.state is State.IDLE:
            return self._ask("ask", now_ns)
        if self.state is State.ANSWERING:
            tick = self._timeline.tick_at(now_ns)
            self._keep_heard(tick)
            told = [Tell(Cancel(SESSION_ID)), Tell(Rewind(SESSION_ID, tick))]
            return [Release(), *told, self._turn_to("finished", now_ns), *self._catch_up()]
        return []

    def _hear(self, event: Event) -> list[Command]:
        """Tell the engine, or wait until the answer is over: a listen would end it."""
        if self.state in (State.ANSWERING, State.RECOVERING):
            self._late.append(event)
            return []
        self._history.append(event)
        return [*self._unprepare(), Tell(Listen(SESSION_ID, (event,)))]

    def _wait_for_end(self, now_ns: int) -> list[Command]:
        """Listening to silence: prepare the answer shortly before the phrase is over."""
        over_ns = self._over_ns
        if over_ns is None:
            return []
        if over_ns <= now_ns:
            if self._prepared_ns is None:
                return self._ask("over", over_ns)
            self._prepared_ns = None
            return [self._turn_to("over", over_ns)]
        if self._prepared_ns is None and over_ns - PREPARE_NS <= now_ns:
            self._prepared_ns = over_ns
            return self._request(over_ns)
        return []

    def _unprepare(self) -> list[Command]:
        """The phrase goes on: the answer that was prepared for its end is thrown away."""
        if self._prepared_ns is None:
            return []
        self._prepared_ns, self._answer = None, []
        start = Tell(Rewind(SESSION_ID, self._start))
        return [Release(), Tell(Cancel(SESSION_ID)), start]

    def _catch_up(self) -> list[Command]:
        late, self._late = self._late, []
        self._history += late
        return [Tell(Listen(SESSION_ID, tuple(late)))] if late else []

    def _ask(self, event: str, at_ns: int, until: int | None = None) -> list[Command]:
        thrown_away = self._unprepare()
        request = self._request(at_ns + LEAD_NS, until)
        return [*thrown_away, *request, self._turn_to(event, at_ns)]

    def _request(self, at_ns: int, until: int | None = None) -> list[Command]:
        """Ask the engine for an answer that begins as soon as `at_ns` is past."""
        self._start = start = self._timeline.tick_at(at_ns) + 1
        self._until = until if until is not None else start + self._answer_ticks(start)
        self.generation += 1
        self._answer, self._complete, self._heard_ns = [], False, at_ns
        constraints = self._constraints()
        answer = Answer(
            SESSION_ID, self.generation, start, self._until, prompt=True, constraints=constraints
        )
        setup = self.channels.setup(constraints.instruments)
        programs = [Send(midi.program(channel, program)) for channel, program in setup]
        return [*programs, Tell(answer), *self._position(start)]

    def _answer_ticks(self, start: int) -> int:
        if self._settings.answer_beats is not None:
            return self._settings.answer_beats * TICKS_PER_BEAT
        began = self._turn.first_ns
        played = start - self._timeline.tick_at(began) if began is not None else 0
        return min(max(played, MIN_ANSWER_TICKS), MAX_ANSWER_TICKS)

    def _constraints(self) -> Constraints:
        instruments = tuple(sorted(self._settings.instruments or self._instruments or {PIANO}))
        if self._lowest > self._highest:
            return Constraints(instruments)
        return Constraints(
            instruments,
            lowest=max(0, self._lowest - RANGE_MARGIN),
            highest=min(127, self._highest + RANGE_MARGIN),
        )

    def _planned(self, note: Note) -> Plan:
        self._answer.append(note)
        on_ns, off_ns = self._timeline.time_at(note.onset), self._timeline.time_at(note.end)
        channel = self.channels.of_answer(note.instrument)
        return Plan(on_ns, off_ns, channel, note, self.generation)

    @property
    def _over_ns(self) -> int | None:
        return self._turn.over_at_ns if self._settings.takes_turns else None

    @property
    def _ends_ns(self) -> int:
        return self._timeline.time_at(max((note.end for note in self._answer), default=0))

    def _pace(self, now_ns: int) -> list[Command]:
        if self._complete or now_ns - self._heard_ns < HEARD_EVERY_NS:
            return []
        self._heard_ns = now_ns
        return self._position(self._timeline.tick_at(now_ns))

    def _position(self, tick: int) -> list[Command]:
        return [Tell(Heard(SESSION_ID, tick, HORIZON_TICKS))] if self._paced else []

    def _finish(self, now_ns: int) -> list[Command]:
        self._remember(self._answer)
        return [self._turn_to("finished", now_ns), *self._catch_up()]

    def _keep_heard(self, tick: int) -> None:
        """Of the answer keep what has sounded by `tick`."""
        sounded = [note for note in self._answer if note.onset < tick]
        self._remember(shortened(n, tick) if n.end > tick else n for n in sounded)

    def _remember(self, notes: Iterable[Note]) -> None:
        self._history += events_of(notes)
        self._answer = []

    def _turn_to(self, event: str, due_ns: int) -> Turned:
        self.state = step(self.state, event)
        return Turned(self.state, due_ns)
