"""One musical conversation on the player's side. Pure: events in, effects out.

It knows whose turn it is, and whom to tell what. It knows no port, no socket and no clock: every
event comes with its time.
"""

from __future__ import annotations

from dataclasses import replace as changed

from antiphon.engine.notes import TICKS_PER_BEAT, Event, NoteOff, NoteOn, Pedal
from antiphon.engine.protocol import Done, Listen, Notes, Open, Reply

from . import midi
from .actions import Action, Dial
from .config import Mode, Settings
from .ear import Ear
from .effects import Effect, Release, Retime, Say, Tell, Turned
from .exchange import LEAD_NS, Exchange
from .grid import Bars, Grid
from .melody import Place
from .partner import SESSION_ID, Partner
from .rules import fitted
from .states import State, step
from .timeline import Timeline
from .together import Together
from .turns import Turn

PREPARE_NS = 200_000_000
"""How long before a phrase will be over its answer is asked for, in case it really is."""


SOON_NS = 1_000_000_000
"""Whoever plays on sooner than this after an answer began was not done."""


class Session:
    """The conversation. Every method takes the time and returns what is to be done. [loop]"""

    def __init__(self, settings: Settings, timeline: Timeline, *, paced: bool = True) -> None:
        self.state = State.IDLE
        self.mode = settings.mode
        self.latency = settings.latency
        """What is made up for: keys come with the time they were played at, all else with now."""
        self._settings = settings
        self._partner = Partner(_before_tempo(settings), timeline, paced)
        self._ear = Ear()
        self._exchange = Exchange(self._partner, self._ear)
        self._together = Together(self._partner, self._ear, self._exchange.history)
        self._turn = Turn(eagerness=settings.eagerness)
        self._latest_tick = 0
        self._held: dict[tuple[int, int], int] = {}
        """Instrument that each key, (channel, pitch), was struck on: its release is of that too."""
        self._pedals: dict[int, int] = {}
        """The same of the pedals that are down, by channel."""
        self._actions = {
            Action.HANDOVER: self.handover,
            Action.SILENCE: self.silence,
            Action.PANIC: self.panic,
            Action.REROLL: self.reroll,
            Action.OTHER: self.other,
            Action.KEEP: self.keep,
            Action.REJECT: self.reject,
            Action.UNDO: self.undo,
            Action.LOCK: self.lock,
            Action.MODE: self.change_mode,
        }

    @property
    def timeline(self) -> Timeline:
        """Musical time."""
        return self._partner.timeline

    @property
    def known(self) -> tuple[Event, ...]:
        """What was heard so far, as an engine is to remember it; of long music the latest."""
        return self._exchange.history.latest

    def open(self) -> list[Effect]:
        """What to tell an engine that is there: who plays, and what was heard so far."""
        settings, told = self._settings, self.known
        opened = Open(
            SESSION_ID, settings.seed, settings.styles, settings.bpm, self._metre,
            constraints=fitted(settings.rules, settings.instruments), feel=settings.feel,
            blend=settings.blend, example=settings.example,
        )  # fmt: skip
        self._exchange.renew()
        return [Tell(opened), *([Tell(Listen(SESSION_ID, told))] if told else [])]

    def midi(self, now_ns: int, message: bytes) -> list[Effect]:
        """Take a channel message of the player's, who sent it at `now_ns`."""
        channel = midi.channel(message)
        match midi.kind(message):
            case midi.NOTE_ON:
                return self._strike(now_ns, channel, message[1], message[2])
            case midi.NOTE_OFF:
                return self._let_go(now_ns, channel, message[1])
            case midi.CONTROL:
                return self._control(now_ns, channel, message[1], message[2])
            case midi.PROGRAM:
                self._partner.channels.heard_program(channel, message[1])
        return []

    def engine(self, now_ns: int, reply: Reply) -> list[Effect]:
        """Take what the engine says; notes and ends of earlier generations say nothing."""
        if self.state is State.TOGETHER:
            return self._together.engine(reply)
        if self.state not in (State.PREPARED, State.ANSWERING):
            return []
        match reply:
            case Notes(_, self._partner.generation, notes, number):
                sounds = self.state is State.ANSWERING
                heard_ns = self.latency.heard_ns(now_ns)
                return self._exchange.decided(heard_ns, number, notes, sounds=sounds)
            case Done(_, self._partner.generation):
                return self._exchange.completed(reply.take)
        return []

    def tick(self, now_ns: int) -> list[Effect]:
        """Let time pass."""
        heard_ns = self.latency.heard_ns(now_ns)
        match self.state:
            case State.LISTENING | State.PREPARED:
                return self._wait_for_end(now_ns)
            case State.TOGETHER:
                left_off = self._together.over(heard_ns)
                return self._stop(now_ns) if left_off else self._together.tick(heard_ns)
            case State.ANSWERING if not self._exchange.complete:
                return self._exchange.pace(heard_ns)
            case State.ANSWERING if now_ns >= self._ends_ns:
                self._turn.outcome(right=True)
                return self._end_answer("finished", now_ns, whole=True)
        return []

    @property
    def next_ns(self) -> int | None:
        """When `tick` will next have something to do, None if only an event can bring it."""
        match self.state:
            case State.LISTENING:
                return self._over_ns - PREPARE_NS if self._over_ns is not None else None
            case State.PREPARED:
                return self._over_ns
            case State.TOGETHER:
                next_ns = self._together.next_ns
                return None if next_ns is None else next_ns - self.latency.output_ns
            case State.ANSWERING if self._exchange.complete:
                return self._ends_ns
        return None

    @property
    def waiting(self) -> bool:
        """Whether the engine still owes part of an answer."""
        return self.state is State.ANSWERING and not self._exchange.complete

    @property
    def until(self) -> int:
        """Tick that no note of the latest answer reaches."""
        return self._exchange.until

    def lost(self, now_ns: int) -> list[Effect]:
        """The engine is gone: nothing of the answer may go on sounding."""
        if self.state is State.TOGETHER:
            return self._together.lost(now_ns)
        if self.state in (State.PREPARED, State.ANSWERING):
            return self._end_answer("lost", now_ns, cut=True)
        return []

    def back(self, now_ns: int) -> list[Effect]:
        """An engine is there again: tell it everything, and let it finish what was begun."""
        # An answer under way was asked for while nobody was there.
        effects = self.lost(now_ns) + self.open()
        if self.state is State.TOGETHER:
            return effects + self._together.back(self.latency.heard_ns(now_ns))
        if self.state is not State.RECOVERING:
            return effects
        until = self._exchange.until
        if until - self.timeline.tick_at(now_ns) >= TICKS_PER_BEAT:
            return effects + self._ask("back", now_ns, until=until)
        return effects + self._turn_to("finished", now_ns)

    def retime(self, now_ns: int, timeline: Timeline) -> list[Effect]:
        """Musical time goes otherwise from now on: what is planned keeps its ticks."""
        before, self._partner.timeline = self.timeline, timeline
        self._partner.settings = self._settings  # if the tempo is guessed, it is found now
        return [Retime(before, timeline)]

    def silence(self, now_ns: int) -> list[Effect]:
        """Enough: the answer ends now, whether it sounds, is prepared or waits for the engine."""
        if self.state is State.PREPARED:
            return [Release(), *self._throw_away(now_ns)]
        if self.state in (State.ANSWERING, State.TOGETHER):
            return self._stop(now_ns)
        recovering = self.state is State.RECOVERING
        return [Release(), *(self._turn_to("finished", now_ns) if recovering else [])]

    def panic(self, now_ns: int) -> list[Effect]:
        """Nothing sounds, nobody holds a key, and the phrase is not answered."""
        effects = self.silence(now_ns)
        self._turn.let_go_of_all(now_ns)
        self._together.let_go()
        if self.state is State.LISTENING:
            effects += self._turn_to("finished", now_ns)
        return [*effects, Say("All is silent.")]

    def handover(self, now_ns: int, start: int | None = None) -> list[Effect]:
        """The player's pedal: your turn, or more; or, while the answer sounds, enough.

        An answer begins at tick `start`, if None as soon as can be.
        """
        thrown_away = self._throw_away(now_ns)
        if self.state is State.LISTENING:
            return thrown_away + self._ask("over", now_ns, start)
        if self.state is State.IDLE:
            return self._ask("ask", now_ns, start)
        return self._stop(now_ns) if self.state in (State.ANSWERING, State.TOGETHER) else []

    def act(self, now_ns: int, action: Action) -> list[Effect]:
        """What the player asks for by hand."""
        return self._actions[action](now_ns)

    def turn_dial(self, dial: Dial, value: float) -> None:
        """The player turned something, to 0..1: it holds from the next request on."""
        if dial is Dial.EAGERNESS:
            self._turn.hurry(value)
        else:
            self._partner.turn_dial(dial, value)

    def change_mode(self, now_ns: int) -> list[Effect]:
        """Play together, or one after the other again; what is under way ends."""
        self.mode = Mode.CALL if self.mode is Mode.TOGETHER else Mode.TOGETHER
        together = self.mode is Mode.TOGETHER
        said = Say("Together from the next key on." if together else "In turn from now on.")
        busy = self.state in (State.ANSWERING, State.PREPARED, State.TOGETHER)
        return [said, *(self.silence(now_ns) if busy else [])]

    def reroll(self, now_ns: int) -> list[Effect]:
        """Another answer to the same phrase, from the top; bars that are locked stay."""
        if not self._settled or not self._exchange.takes.all:
            return []
        silent = self._fall_silent()
        self._turn.outcome(right=True)
        remade = self._exchange.remake(self.latency.heard_ns(now_ns))
        return silent + remade + self._turn_to("ask", now_ns)

    def lock(self, now_ns: int) -> list[Effect]:
        """Keep the bar that sounds when the answer is made anew; once more: do not."""
        answering = self.state is State.ANSWERING
        bar = self._exchange.lock(self.timeline.tick_at(now_ns)) if answering else None
        if bar is None:
            return [Say("No bar of an answer sounds.")]
        stays = "stays" if bar in self._exchange.locked else "may be made anew"
        return [Say(f"Bar {bar + 1} of the answer {stays}.")]

    def other(self, now_ns: int) -> list[Effect]:
        """The next version of the answer in place of this one."""
        take = self._exchange.takes.other if self._settled else None
        if take is None:
            return []
        silent, sounding = self._fall_silent(), self.state is State.ANSWERING
        self._turn.outcome(right=True)
        self._exchange.takes.choose(take)
        heard_ns = self.latency.heard_ns(now_ns)
        resumed = self._exchange.resume(heard_ns, take, sounding=sounding)
        return silent + resumed + self._turn_to("ask", now_ns)

    def keep(self, now_ns: int) -> list[Effect]:
        """This version it is: the others are forgotten."""
        if not self._exchange.takes.all:
            return []
        self._exchange.takes.keep()
        return [Say("Kept.")]

    def reject(self, now_ns: int) -> list[Effect]:
        """As if there had been no answer; `undo` brings it back."""
        if not self._settled or self._exchange.takes.current is None:
            return []
        self._exchange.takes.choose(None)
        if self.state is State.ANSWERING:
            effects = self._end_answer("finished", now_ns)
        else:
            effects = self._exchange.amend(now_ns, None)
        return [*effects, Say("The answer is taken out; u: undo.")]

    def undo(self, now_ns: int) -> list[Effect]:
        """What counted before counts again; at last the phrase is taken back with its answer."""
        if not self._settled:
            return []
        effects, sounding = self._fall_silent(), self.state is State.ANSWERING
        exchange = self._exchange
        if not exchange.takes.can_undo:
            effects += exchange.take_back()
        elif (take := exchange.takes.undo()) and sounding:
            resumed = exchange.resume(self.latency.heard_ns(now_ns), take, sounding=True)
            return effects + resumed + self._turn_to("ask", now_ns)
        else:
            effects += exchange.amend(now_ns, take)
        effects += self._turn_to("finished", now_ns) if sounding else []
        return [*effects, Say("Taken back.")]

    def _strike(self, now_ns: int, channel: int, pitch: int, velocity: int) -> list[Effect]:
        effects: list[Effect] = []
        if self.state not in (State.LISTENING, State.PREPARED, State.TOGETHER):
            effects = self._begin_turn(now_ns)
        self._turn.strike(now_ns, (channel, pitch), self._place(now_ns))
        instrument = self._partner.channels.instrument(channel)
        self._held[channel, pitch] = instrument
        self._ear.hear(instrument, pitch)
        tick = self._tick(now_ns)
        return effects + self._hear(now_ns, NoteOn(tick, instrument, pitch, velocity))

    def _let_go(self, now_ns: int, channel: int, pitch: int) -> list[Effect]:
        self._turn.let_go(now_ns, (channel, pitch))
        usual = self._partner.channels.instrument(channel)
        instrument = self._held.pop((channel, pitch), usual)
        return self._hear(now_ns, NoteOff(self._tick(now_ns), instrument, pitch))

    def _begin_turn(self, now_ns: int) -> list[Effect]:
        """The player's turn begins, whoever's it was."""
        tick, answering = self._tick(now_ns), self.state is State.ANSWERING
        if answering and tick < self._exchange.begin_tick:
            return self._end_answer("goes on", now_ns)
        if answering:
            begun_ns = now_ns - self.timeline.time_at(self._exchange.begin_tick)
            self._turn.outcome(right=begun_ns >= SOON_NS)
        self._turn = self._turn.next()
        joins = self.mode is Mode.TOGETHER
        event = "join" if joins else "key"
        ended = self._end_answer(event, now_ns) if answering else self._turn_to(event, now_ns)
        self._exchange.begin(tick)
        if joins:
            self._together.begin(self._answerable_ns(now_ns))
        return ended

    def _control(self, now_ns: int, channel: int, number: int, value: int) -> list[Effect]:
        down = value >= midi.PEDAL_DOWN
        if number == midi.SUSTAIN:
            self._turn.pedal(now_ns, channel, down=down)
            return self._sustain(now_ns, channel, down)
        return []

    def _sustain(self, now_ns: int, channel: int, down: bool) -> list[Effect]:
        """A sustain pedal moved; one that sends every position has seldom gone up or down.

        Of several pedals of one instrument the first goes down and the last comes up.
        """
        if (channel in self._pedals) is down:
            return []
        instrument = self._pedals.pop(channel, self._partner.channels.instrument(channel))
        others = instrument in self._pedals.values()
        if down:
            self._pedals[channel] = instrument
        if others:
            return []
        return self._hear(now_ns, Pedal(self._tick(now_ns), instrument, down))

    def _hear(self, now_ns: int, event: Event) -> list[Effect]:
        """Tell the engine, or wait until the answer is over: a listen would end it."""
        if self.state is State.ANSWERING:
            self._exchange.defer(event)
            return []
        if self.state is State.TOGETHER:
            self._together.hear(self._answerable_ns(now_ns), event)
            return []
        self._exchange.history.add([event])
        return [*self._throw_away(now_ns), Tell(Listen(SESSION_ID, (event,)))]

    def _wait_for_end(self, now_ns: int) -> list[Effect]:
        """Listening to silence: prepare the answer shortly before the phrase is over."""
        over_ns = self._over_ns
        if over_ns is None:
            return []
        if over_ns <= now_ns:
            prepared = self.state is State.PREPARED
            return self._turn_to("over", over_ns) if prepared else self._ask("over", over_ns)
        if self.state is State.LISTENING and over_ns - PREPARE_NS <= now_ns:
            asked = self._request(self._soonest(over_ns))
            return asked + self._turn_to("pause", now_ns)
        return []

    def _throw_away(self, now_ns: int) -> list[Effect]:
        """The phrase goes on: an answer that was prepared for its end will not sound."""
        return self._end_answer("goes on", now_ns) if self.state is State.PREPARED else []

    def _ask(
        self, event: str, at_ns: int, start: int | None = None, until: int | None = None
    ) -> list[Effect]:
        """Ask for an answer that begins at a tick, if None as soon as can be."""
        begin = self._soonest(at_ns, LEAD_NS) if start is None else start
        if event in ("ask", "back"):
            self._exchange.begin(begin)
        return self._request(begin, until) + self._turn_to(event, at_ns)

    def _request(self, start: int, until: int | None = None) -> list[Effect]:
        """Ask the engine for an answer that begins at tick `start`."""
        if self.state is State.LISTENING and self._turn.first_ns is not None:
            self._exchange.phrase_ticks = start - self.timeline.tick_at(self._turn.first_ns)
        return self._exchange.ask(start, until)

    def _soonest(self, at_ns: int, lead_ns: int = 0) -> int:
        """The first tick at which an answer may begin that is decided on at a time."""
        if self._settings.guesses and self._turn.first_ns is not None:
            self._partner.bars = self._bars_of_phrase(self._turn.first_ns)
        return self._partner.soonest(self.latency.heard_ns(at_ns), lead_ns)

    def _bars_of_phrase(self, first_ns: int) -> Bars:
        """The beat is guessed and nobody knows the one: a phrase begins on it."""
        bars = self._settings.bars
        half = bars.beat_ticks // 2
        first = self.timeline.tick_at(first_ns) - half
        return changed(bars, origin=bars.line_at_or_after(first, Grid.BEAT))

    def _answerable_ns(self, played_ns: int) -> int:
        """When it could be heard at the soonest that the player did something."""
        return self.latency.heard_ns(self.latency.noticed_ns(played_ns))

    def _tick(self, now_ns: int) -> int:
        """The tick that something of the player's counts as: what comes before the one, as it.

        What was played a moment before the tempo changed is not put before what came before it.
        """
        self._latest_tick = max(self._latest_tick, self.timeline.tick_at(now_ns))
        return self._latest_tick

    @property
    def _metre(self) -> tuple[int, int] | None:
        """The metre, where it is known where bars begin."""
        return None if self._settings.guesses else self._settings.metre

    def _place(self, now_ns: int) -> Place | None:
        """Where in the bar it is, where there are bars."""
        if self._metre is None:
            return None
        beats, value = self._metre
        line = self.timeline
        beat = line.tick_at(now_ns) / TICKS_PER_BEAT
        return Place(beat, beats * 4 / value, line.ns_per_beat)

    @property
    def _over_ns(self) -> int | None:
        """When it will be known that the phrase is over, if nothing more is played."""
        over_ns = self._turn.over_at_ns if self._settings.takes_turns else None
        return None if over_ns is None else self.latency.noticed_ns(over_ns)

    @property
    def _ends_ns(self) -> int:
        return self.timeline.time_at(self._exchange.end_tick)

    @property
    def _settled(self) -> bool:
        """Whether there is an answer to do something about."""
        return self.state in (State.IDLE, State.ANSWERING)

    def _fall_silent(self) -> list[Effect]:
        """Stop what sounds, so that another version can."""
        return [Release()] if self.state is State.ANSWERING else []

    def _stop(self, now_ns: int) -> list[Effect]:
        """End what the model plays."""
        if self.state is State.TOGETHER:
            return self._together.end(now_ns) + self._turn_to("finished", now_ns)
        return self._end_answer("finished", now_ns, cut=True)

    def _end_answer(
        self, event: str, now_ns: int, *, whole: bool = False, cut: bool = False
    ) -> list[Effect]:
        """The one way out of an answer, whole or cut short, sounding or only prepared.

        What of it has sounded by now is kept, and what the player did meanwhile is told. If it
        is `cut` by anything but a key that was struck, that is all that was sent.
        """
        there, prepared = event != "lost", self.state is State.PREPARED
        tick = self._exchange.start if prepared else self.timeline.tick_at(now_ns)
        if cut and not prepared:
            tick = self.timeline.tick_at(self.latency.heard_ns(now_ns))
            self._latest_tick = max(self._latest_tick, tick)
        ended = self._exchange.end(tick, whole=whole, there=there)
        turned = self._turn_to(event, now_ns)
        return ended + turned + self._exchange.tell_late(there=there)

    def _turn_to(self, event: str, due_ns: int) -> list[Effect]:
        before, self.state = self.state, step(self.state, event)
        # Preparing an answer is between us and the engine: the player's turn goes on.
        if {before, self.state} == {State.LISTENING, State.PREPARED}:
            return []
        return [Turned(self.state, due_ns)]


def _before_tempo(settings: Settings) -> Settings:
    """Settings while a tempo that is guessed is not found: there are no beats and no bars."""
    if not settings.guesses:
        return settings
    return changed(settings, grid=Grid.FREE, metre=None)
