"""One musical conversation on the player's side. Pure: events in, commands out.

It knows whose turn it is, what was played and answered, and what the engine must be told. It knows
no port, no socket and no clock: every event comes with its time.
"""

from __future__ import annotations

from collections import Counter
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
from antiphon.engine.wishes import MOST_INSTRUMENTS, Constraints

from . import midi
from .channels import Channels
from .config import Settings
from .rules import fitted
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
        self.channels = Channels(programs=settings.programs)
        self.generation = 0
        self._settings, self._timeline, self._paced = settings, timeline, paced
        self._turn = Turn()
        self._history: list[Event] = []
        self._late: list[Event] = []
        self._answer: list[Note] = []
        self._start = self._until = self._end = 0
        self._complete = False
        self._heard_ns = 0
        self._phrase_ticks = 0
        self._pedals: dict[int, bool] = {}
        self._voices: dict[int, int] = {}
        self._instruments: Counter[int] = Counter()
        self._lowest, self._highest = 127, 0

    def open(self) -> list[Command]:
        """What to tell an engine that is there: who plays, and what was heard so far."""
        settings = self._settings
        opened = Open(
            SESSION_ID, settings.seed, settings.styles, settings.bpm, settings.metre,
            constraints=fitted(settings.rules, settings.instruments), feel=settings.feel,
            blend=settings.blend, example=settings.example,
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
                return self._hear(
                    now_ns, NoteOff(tick, self.channels.instrument(channel), message[1])
                )
            case midi.CONTROL:
                return self._control(now_ns, channel, message[1], message[2])
            case midi.PROGRAM:
                self.channels.heard_program(channel, message[1])
        return []

    def engine(self, now_ns: int, reply: Reply) -> list[Command]:
        """Take what the engine says; notes and ends of earlier generations say nothing."""
        if self.state not in (State.PREPARED, State.ANSWERING):
            return []
        match reply:
            case Notes(_, self.generation, notes):
                return [command for note in notes for command in self._planned(note)]
            case Done(_, self.generation):
                self._complete = True
        return []

    def tick(self, now_ns: int) -> list[Command]:
        """Let time pass."""
        if self.state in (State.LISTENING, State.PREPARED):
            return self._wait_for_end(now_ns)
        if self.state is not State.ANSWERING:
            return []
        if self._complete and now_ns >= self._ends_ns:
            return self._end_answer("finished", now_ns, whole=True)
        return self._pace(now_ns)

    @property
    def next_ns(self) -> int | None:
        """When `tick` will next have something to do, None if only an event can bring it."""
        if self.state is State.LISTENING:
            return self._over_ns - PREPARE_NS if self._over_ns is not None else None
        if self.state is State.PREPARED:
            return self._over_ns
        return self._ends_ns if self.state is State.ANSWERING and self._complete else None

    @property
    def waiting(self) -> bool:
        """Whether the engine still owes part of an answer."""
        return self.state is State.ANSWERING and not self._complete

    @property
    def until(self) -> int:
        """Tick that no note of the latest answer reaches."""
        return self._until

    def lost(self, now_ns: int) -> list[Command]:
        """The engine is gone: nothing of the answer may go on sounding."""
        if self.state in (State.PREPARED, State.ANSWERING):
            return self._end_answer("lost", now_ns)
        return []

    def back(self, now_ns: int) -> list[Command]:
        """An engine is there again: tell it everything, and let it finish what was begun."""
        # An answer under way was asked for while nobody was there.
        commands = self.lost(now_ns) + self.open()
        if self.state is not State.RECOVERING:
            return commands
        if self._until - self._timeline.tick_at(now_ns) >= TICKS_PER_BEAT:
            return commands + self._ask("back", now_ns, until=self._until)
        return commands + self._turn_to("finished", now_ns)

    def silence(self, now_ns: int) -> list[Command]:
        """Enough: the answer ends now, whether it sounds, is prepared or waits for the engine."""
        if self.state in (State.PREPARED, State.ANSWERING):
            return self._end_answer("finished", now_ns)
        recovering = self.state is State.RECOVERING
        return [Release(), *(self._turn_to("finished", now_ns) if recovering else [])]

    def _strike(self, now_ns: int, channel: int, pitch: int, velocity: int) -> list[Command]:
        commands: list[Command] = []
        if self.state not in (State.LISTENING, State.PREPARED):
            commands = self._begin_turn(now_ns)
        self._turn.strike(now_ns, (channel, pitch))
        instrument = self.channels.instrument(channel)
        self._instruments[instrument] += 1
        if instrument != DRUMS:
            self._lowest, self._highest = min(self._lowest, pitch), max(self._highest, pitch)
        tick = self._timeline.tick_at(now_ns)
        return commands + self._hear(now_ns, NoteOn(tick, instrument, pitch, velocity))

    def _begin_turn(self, now_ns: int) -> list[Command]:
        """The player's turn begins, whoever's it was."""
        self._turn = Turn()
        if self.state is State.ANSWERING:
            return self._end_answer("key", now_ns)
        return self._turn_to("key", now_ns)

    def _control(self, now_ns: int, channel: int, number: int, value: int) -> list[Command]:
        down = value >= midi.PEDAL_DOWN
        if number == midi.SUSTAIN:
            return self._sustain(now_ns, self.channels.instrument(channel), down)
        if number == self._settings.handover and down:
            return self.handover(now_ns)
        return []

    def _sustain(self, now_ns: int, instrument: int, down: bool) -> list[Command]:
        """A sustain pedal moved; one that sends every position has seldom gone up or down."""
        if self._pedals.get(instrument, False) is down:
            return []
        self._pedals[instrument] = down
        return self._hear(now_ns, Pedal(self._timeline.tick_at(now_ns), instrument, down))

    def handover(self, now_ns: int, start: int | None = None) -> list[Command]:
        """The player's pedal: your turn, or more; or, while the answer sounds, enough.

        An answer begins at tick `start`, if None as soon as can be.
        """
        thrown_away = self._throw_away(now_ns)
        if self.state is State.LISTENING:
            return thrown_away + self._ask("over", now_ns, start)
        if self.state is State.IDLE:
            return self._ask("ask", now_ns, start)
        return self._end_answer("finished", now_ns) if self.state is State.ANSWERING else []

    def _hear(self, now_ns: int, event: Event) -> list[Command]:
        """Tell the engine, or wait until the answer is over: a listen would end it."""
        if self.state is State.ANSWERING:
            self._late.append(event)
            return []
        self._remember([event])
        return [*self._throw_away(now_ns), Tell(Listen(SESSION_ID, (event,)))]

    def _wait_for_end(self, now_ns: int) -> list[Command]:
        """Listening to silence: prepare the answer shortly before the phrase is over."""
        over_ns = self._over_ns
        if over_ns is None:
            return []
        if over_ns <= now_ns:
            prepared = self.state is State.PREPARED
            return self._turn_to("over", over_ns) if prepared else self._ask("over", over_ns)
        if self.state is State.LISTENING and over_ns - PREPARE_NS <= now_ns:
            start = self._timeline.tick_at(over_ns) + 1
            return self._request(start) + self._turn_to("pause", now_ns)
        return []

    def _throw_away(self, now_ns: int) -> list[Command]:
        """The phrase goes on: an answer that was prepared for its end will not sound."""
        return self._end_answer("goes on", now_ns) if self.state is State.PREPARED else []

    def _ask(
        self, event: str, at_ns: int, start: int | None = None, until: int | None = None
    ) -> list[Command]:
        """Ask for an answer that begins at a tick, if None as soon as can be."""
        soonest = self._timeline.tick_at(at_ns + LEAD_NS) + 1
        request = self._request(soonest if start is None else start, until)
        return request + self._turn_to(event, at_ns)

    def _request(self, start: int, until: int | None = None) -> list[Command]:
        """Ask the engine for an answer that begins at tick `start`."""
        if self.state is State.LISTENING and self._turn.first_ns is not None:
            self._phrase_ticks = start - self._timeline.tick_at(self._turn.first_ns)
        self._start, self._end = start, 0
        self._until = start + self._answer_ticks if until is None else until
        self._heard_ns = self._timeline.time_at(start)
        self._complete, self._voices = False, {}
        self.generation += 1
        constraints = self._constraints()
        answer = Answer(
            SESSION_ID, self.generation, start, self._until,
            prompt=True, constraints=constraints, ends=self._settings.ends,
        )  # fmt: skip
        return [*self._set_up(constraints.instruments), Tell(answer), *self._position(start)]

    @property
    def _answer_ticks(self) -> int:
        """Length of an answer: what was asked for, or that of the latest phrase."""
        if self._settings.answer_beats is not None:
            return self._settings.answer_beats * TICKS_PER_BEAT
        return min(max(self._phrase_ticks, MIN_ANSWER_TICKS), MAX_ANSWER_TICKS)

    def _constraints(self) -> Constraints:
        instruments = tuple(sorted(self._settings.instruments or self._mine or {PIANO}))
        # Whoever was not heard so far has a register of its own.
        if self._lowest > self._highest or not self._instruments.keys() >= {*instruments}:
            return fitted(self._settings.rules, instruments)
        near = max(0, self._lowest - RANGE_MARGIN), min(127, self._highest + RANGE_MARGIN)
        return fitted(self._settings.rules, instruments, near)

    @property
    def _mine(self) -> list[int]:
        """The player's instruments; if there are too many, those most heard."""
        return [instrument for instrument, _ in self._instruments.most_common(MOST_INSTRUMENTS)]

    def _set_up(self, instruments: Iterable[int]) -> list[Command]:
        """Choose the sounds of the channels that this answer has not used so far."""
        channel_of = self.channels.of_answer
        new = {i: channel_of(i) for i in instruments if self._voices.get(i) != channel_of(i)}
        self._voices |= new
        return [Send(midi.program(*sound)) for sound in self.channels.setup(new)]

    def _planned(self, note: Note) -> list[Command]:
        self._answer.append(note)
        self._end = max(self._end, note.end)
        on_ns, off_ns = self._timeline.time_at(note.onset), self._timeline.time_at(note.end)
        channel = self.channels.of_answer(note.instrument)
        plan = Plan(on_ns, off_ns, channel, note, self.generation)
        return [*self._set_up([note.instrument]), plan]

    @property
    def _over_ns(self) -> int | None:
        return self._turn.over_at_ns if self._settings.takes_turns else None

    @property
    def _ends_ns(self) -> int:
        return self._timeline.time_at(self._end)

    def _pace(self, now_ns: int) -> list[Command]:
        if self._complete or now_ns - self._heard_ns < HEARD_EVERY_NS:
            return []
        self._heard_ns = now_ns
        return self._position(self._timeline.tick_at(now_ns))

    def _position(self, tick: int) -> list[Command]:
        return [Tell(Heard(SESSION_ID, tick, HORIZON_TICKS))] if self._paced else []

    def _end_answer(self, event: str, now_ns: int, *, whole: bool = False) -> list[Command]:
        """The one way out of an answer, whole or cut short, sounding or only prepared.

        What of it has sounded by now is kept, and what the player did meanwhile is told.
        """
        there, prepared = event != "lost", self.state is State.PREPARED
        tick = self._start if prepared else self._timeline.tick_at(now_ns)
        if not whole:
            sounded = [note for note in self._answer if note.onset < tick]
            self._answer = [shortened(note, min(note.end, tick)) for note in sounded]
        kept = [*events_of(self._answer), *self._late]
        late = Listen(SESSION_ID, tuple(self._late))
        self._answer, self._late = [], []
        self._remember(sorted(kept, key=lambda happened: happened.tick))
        commands: list[Command] = [] if whole else [Release()]
        if there and not whole:
            # Never before its start: what the player struck in this very tick stays.
            rewind = Rewind(SESSION_ID, max(tick, self._start))
            commands += [Tell(Cancel(SESSION_ID)), Tell(rewind)]
        commands += self._turn_to(event, now_ns)
        return commands + ([Tell(late)] if there and late.events else [])

    def _remember(self, events: Iterable[Event]) -> None:
        self._history += events
        if len(self._history) > 2 * HISTORY_EVENTS:
            del self._history[:-HISTORY_EVENTS]

    def _turn_to(self, event: str, due_ns: int) -> list[Command]:
        before, self.state = self.state, step(self.state, event)
        # Preparing an answer is between us and the engine: the player's turn goes on.
        if {before, self.state} == {State.LISTENING, State.PREPARED}:
            return []
        return [Turned(self.state, due_ns)]
