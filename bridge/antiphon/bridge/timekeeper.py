"""Everything about time in the performer's loop: who conducts, the click, and the clock we send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from . import midi
from .clock_follower import ClockFollower
from .clock_sender import ClockSender
from .conductor import Conductor
from .config import Clock, Settings
from .grid import Grid
from .guessed_time import GuessedTime
from .hand import SILENCE
from .link_clock import LinkClock
from .metronome import Metronome, counted_in
from .stage import Stage
from .stamped import Arrived
from .time_source import OwnTime, TimeSource
from .timeline import Timeline

NO_CLOCK = "No MIDI clock comes yet: {:g} bpm until one does."
Send = Callable[[bytes], None]


class Source(Protocol):
    """Where a MIDI clock is heard."""

    def clock(self) -> Arrived | None:
        """The next message of a clock that came, and when. [loop]"""


def beginning(settings: Settings, now_ns: int) -> Timeline:
    """Musical time as it begins: after the bars that are counted before the one."""
    heard_ns = settings.latency.heard_ns(now_ns)
    timeline = Timeline.at(settings.tempo_bpm, heard_ns)
    counted = counted_in(timeline, heard_ns, settings.bars, settings.count_in)
    return Timeline.at(settings.tempo_bpm, counted.time_at(0))


class Timekeeper:
    """Keeps a stage in time. For one thread: the loop's."""

    def __init__(
        self, settings: Settings, timeline: Timeline, now_ns: int, click: Send, clock: Send
    ) -> None:
        """`click` takes the messages of the click, `clock` those of the clock we send.

        Raises UserError if Link is asked for and not installed. [may block]
        """
        self._time = _time(settings, timeline)
        self._latency = settings.latency
        self._conductor = Conductor(self._time, settings.bars)
        self._metronome = _metronome(settings)
        self._bars = settings.bars
        heard_ns = self._latency.heard_ns(now_ns)
        self._sender = ClockSender(timeline, heard_ns) if settings.clock_out else None
        if self._sender:
            self._sender.start(0)
        self._click, self._clock = click, clock
        awaits = settings.clock is Clock.MIDI
        self._waiting = [NO_CLOCK.format(settings.tempo_bpm)] if awaits else []

    def keep(self, now_ns: int, source: Source, stage: Stage) -> None:
        """Follow whoever conducts, click and send what is due. [loop]"""
        for arrived_ns, message in iter(source.clock, None):  # even if nobody wants to know
            if isinstance(self._time, ClockFollower):
                self._time.receive(arrived_ns, message)
        new = self._conductor.poll(now_ns, stage.session.timeline)
        if new is not None:
            stage.retime(now_ns, new)
        timeline, heard_ns = stage.session.timeline, self._latency.heard_ns(now_ns)
        if self._conductor.jumped:
            self._begin_anew(heard_ns, timeline)
        if self._metronome:
            for click in self._metronome.due(heard_ns, timeline):
                self._click(click.message)
        if self._sender:
            for due in self._sender.due(heard_ns, timeline):
                self._clock(due.message)

    def hear(self, played_ns: int, message: bytes) -> None:
        """The player sent this at a time: keys may tell the tempo. [loop]"""
        if isinstance(self._time, GuessedTime) and midi.kind(message) == midi.NOTE_ON:
            self._time.strike(played_ns, message[2])

    def next_ns(self, timeline: Timeline) -> int | None:
        """When there will be something to click or to send."""
        click_ns = self._metronome.next_due_ns(timeline) if self._metronome else None
        pulse_ns = self._sender.next_due_ns(timeline) if self._sender else None
        due_ns = min((ns for ns in (click_ns, pulse_ns) if ns is not None), default=None)
        return None if due_ns is None else due_ns - self._latency.output_ns

    def commands(self) -> list[bytes]:
        """What is to be done because the song goes elsewhere. [loop]"""
        return [SILENCE] if self._conductor.leaving else []

    def news(self) -> list[str]:
        """Sentences on whether the clock runs, and on a tempo that was found. [loop]"""
        guessed = self._time if isinstance(self._time, GuessedTime) else None
        waiting, self._waiting = self._waiting, []
        return guessed.news() if guessed else waiting + self._conductor.news()

    def silence(self, now_ns: int) -> None:
        """End what sounds and stop whoever follows us. [loop]"""
        for click in self._metronome.silence(now_ns) if self._metronome else ():
            self._click(click.message)
        for due in self._sender.stop(now_ns) if self._sender else ():
            self._clock(due.message)

    def close(self) -> None:
        """Let go of whoever conducts. [may block]"""
        if isinstance(self._time, LinkClock):
            self._time.close()

    def _begin_anew(self, heard_ns: int, timeline: Timeline) -> None:
        """The song is elsewhere: click and clock go on from there, from its next bar."""
        if self._metronome:
            for click in self._metronome.jumped(timeline, heard_ns):
                self._click(click.message)
        if self._sender:
            for due in self._sender.jumped(timeline, heard_ns):
                self._clock(due.message)
            next_tick = timeline.tick_at(heard_ns) + 1
            self._sender.start(self._bars.line_at_or_after(next_tick, Grid.BAR))


def _time(settings: Settings, timeline: Timeline) -> TimeSource:
    """Whose time is played by."""
    match settings.clock:
        case Clock.MIDI:
            return ClockFollower(timeline, settings.latency.input_ns)
        case Clock.LINK:
            return LinkClock(timeline)
        case Clock.GUESS:
            return GuessedTime(timeline)
    return OwnTime(timeline)


def _metronome(settings: Settings) -> Metronome | None:
    """Who clicks, if anybody shall."""
    if not settings.click and not settings.count_in:
        return None
    begins = -settings.count_in * settings.bars.bar_ticks
    return Metronome(settings.bars, begins, until=None if settings.click else 0)
