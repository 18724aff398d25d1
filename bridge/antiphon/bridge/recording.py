"""What was played and what was answered, as notes, from the messages that really went by. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.engine.notes import TICKS_PER_BEAT, Note, Pedal

from . import link, midi
from .channels import Channels
from .tempo_map import Moment, TempoMap
from .timeline import Timeline

PLAYER, ANSWER = "you", "Antiphon"
NUDGE_TICKS = TICKS_PER_BEAT // 8
"""A timeline that is nearer than this to the one before is the same song, only better known."""


class Part:
    """The notes of one side, put together from note-ons and note-offs."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._open: dict[tuple[int, int], tuple[int, int, int]] = {}

    def strike(self, tick: int, key: tuple[int, int], instrument: int, velocity: int) -> None:
        """A key, (channel, pitch), went down."""
        self.let_go(tick, key)
        self._open[key] = tick, instrument, velocity

    def let_go(self, tick: int, key: tuple[int, int]) -> None:
        """A key went up."""
        if key in self._open:
            onset, instrument, velocity = self._open.pop(key)
            self.notes.append(Note(onset, instrument, key[1], max(1, tick - onset), velocity))

    def at(self, tick: int) -> list[Note]:
        """All notes in order; those still held last until `tick`."""
        held = [
            Note(onset, instrument, pitch, max(1, tick - onset), velocity)
            for (_, pitch), (onset, instrument, velocity) in self._open.items()
        ]
        return sorted([*self.notes, *held])


class Recording:
    """Both sides of a conversation.

    recording.played(at_ns, message)      what the player sent
    recording.sounded(at_ns, message)     what went out of the answer
    recording.take(message)               either, as the performer tells it
    recording.tracks()                    {"you": notes, "Antiphon": notes}
    recording.tempos                      when each tick of them was
    """

    def __init__(self, timeline: Timeline, programs: Iterable[int] = ()) -> None:
        self.timeline = timeline
        self._channels = Channels(programs=programs)
        self._answer_instruments: dict[int, int] = {}
        self.player, self.answer = Part(), Part()
        self.pedals: list[Pedal] = []
        self.programs: dict[int, int] = {}
        """General MIDI program of each instrument that was heard."""
        self.tick = 0
        """Tick of the latest message."""
        self._begin: int | None = None
        """Tick that counts as the first; None makes it that of the first note."""
        self._moments = [Moment(0, timeline.time_at(0))]
        """When ticks were, one for each timeline."""
        self._shifts = [(0, 0)]
        """(tick, ticks): from there on the song's own count is so many ticks behind ours."""

    def take(self, message: object) -> None:
        """Write down what the performer tells, as far as it sounds; pass over all else."""
        match message:
            case link.Played(at_ns, data):
                self.played(at_ns, data)
            case link.Planned(note, channel):
                self.answers_on(channel, note.instrument)
            case link.Sounded(wanted_ns, _, data):
                self.sounded(wanted_ns, data)
            case link.Retimed(at_ns):
                self.retimed(at_ns, message.timeline)

    def answers_on(self, channel: int, instrument: int) -> None:
        """The answer sounds `instrument` on `channel`."""
        self._answer_instruments[channel] = instrument

    def played(self, at_ns: int, message: bytes) -> None:
        """The player sent a message."""
        tick = self._tick(at_ns)
        channel = midi.channel(message)
        match midi.kind(message):
            case midi.PROGRAM:
                self._channels.heard_program(channel, message[1])
            case midi.CONTROL if message[1] == midi.SUSTAIN:
                down = message[2] >= midi.PEDAL_DOWN
                self.pedals.append(Pedal(tick, self._channels.instrument(channel), down))
            case midi.NOTE_ON:
                instrument = self._channels.instrument(channel)
                self.programs[instrument] = self._channels.program(instrument)
                self.player.strike(tick, (channel, message[1]), instrument, message[2])
            case midi.NOTE_OFF:
                self.player.let_go(tick, (channel, message[1]))

    def sounded(self, at_ns: int, message: bytes) -> None:
        """A message of the answer went out."""
        tick = self._tick(at_ns)
        key = midi.channel(message), message[1]
        if midi.kind(message) == midi.NOTE_ON:
            instrument = self._answer_instruments.get(key[0], 0)
            self.programs.setdefault(instrument, self._channels.program(instrument))
            self.answer.strike(tick, key, instrument, message[2])
        else:
            self.answer.let_go(tick, key)

    def retimed(self, at_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on; a recording goes on even if the song jumps."""
        before, shift = self.timeline, self.shift
        ours = timeline.counted_on(shift)
        jump = before.tick_at(at_ns) - ours.tick_at(at_ns)
        if abs(jump) >= NUDGE_TICKS:
            ours = ours.counted_on(jump)
            self._shifts.append((before.tick_at(at_ns), shift + jump))
        self.timeline = ours
        tick = ours.tick_at(at_ns)
        # From the tick in progress on, unless that began elsewhere.
        self._remember(max(0, tick + (ours.time_at(tick) != before.time_at(tick))))

    def _remember(self, tick: int) -> None:
        """The latest timeline holds from a tick on."""
        while self._moments and self._moments[-1].tick >= tick:
            self._moments.pop()
        self._moments.append(Moment(tick, self.timeline.time_at(tick)))

    @property
    def tempos(self) -> TempoMap:
        """How the tempo went, on the same ticks as `tracks`."""
        last = max(self.end, self.tick, self._moments[-1].tick) + TICKS_PER_BEAT
        moments = [*self._moments, Moment(last, self.timeline.time_at(last))]
        return TempoMap.through(moments).since(self.origin)

    @property
    def shift(self) -> int:
        """Ticks by which our count is ahead of the song's now."""
        return self._shifts[-1][1]

    def bar_line(self, tick: int, bar_ticks: int) -> int:
        """The last tick up to this one at which a bar of the song began."""
        shift = next(shift for begin, shift in reversed(self._shifts) if begin <= max(0, tick))
        return tick - (tick - shift) % bar_ticks

    def bars_anew(self, bar_ticks: int) -> list[int]:
        """Where the song jumped: the first bar after it, if it did not jump once more before."""
        lines: list[int] = []
        for begin, shift in self._shifts[1:]:
            lines = [line for line in lines if line < begin]
            lines.append(begin + (shift - begin) % bar_ticks)
        return [line - self.origin for line in lines if line > self.origin]

    @property
    def first(self) -> int:
        """Tick at which the first note begins, 0 if there is none."""
        return min((note.onset for note in self._notes), default=0)

    @property
    def end(self) -> int:
        """Tick at which the last note ends, 0 if there is none."""
        return max((note.end for note in self._notes), default=0)

    def since(self, tick: int) -> Recording:
        """Only the notes that begin at `tick` or later, and that tick is 0 in `tracks`."""
        later = Recording(self.timeline)
        later.player.notes = [n for n in self.player.at(self.tick) if n.onset >= tick]
        later.answer.notes = [n for n in self.answer.at(self.tick) if n.onset >= tick]
        held = {
            p.instrument: Pedal(tick, p.instrument, p.down) for p in self.pedals if p.tick < tick
        }
        later.pedals = [p for p in held.values() if p.down]
        later.pedals += [p for p in self.pedals if p.tick >= tick]
        later.programs, later.tick, later._begin = dict(self.programs), self.tick, tick
        later._moments, later._shifts = [*self._moments], [*self._shifts]
        return later

    def tracks(self) -> dict[str, list[Note]]:
        """Notes of both sides, the first of all at tick 0."""
        player, answer = self.player.at(self.tick), self.answer.at(self.tick)
        origin = self.origin
        return {PLAYER: _moved(player, origin), ANSWER: _moved(answer, origin)}

    def pedals_from_start(self) -> list[Pedal]:
        """The player's pedal, on the same ticks as `tracks`."""
        origin = self.origin
        return [Pedal(max(0, p.tick - origin), p.instrument, p.down) for p in self.pedals]

    @property
    def origin(self) -> int:
        """Tick of the first note of both sides, or the one that was asked for."""
        return self.first if self._begin is None else self._begin

    @property
    def _notes(self) -> list[Note]:
        return [*self.player.at(self.tick), *self.answer.at(self.tick)]

    def _tick(self, at_ns: int) -> int:
        tick = max(0, self.timeline.tick_at(at_ns))
        self.tick = max(self.tick, tick)
        return tick


def _moved(notes: list[Note], origin: int) -> list[Note]:
    return [Note(n.onset - origin, n.instrument, n.pitch, n.length, n.velocity) for n in notes]
