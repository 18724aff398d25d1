"""Everything about time in the performer's loop: who conducts, the click, and the clock we send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .clock_follower import ClockFollower
from .clock_sender import ClockSender
from .conductor import Conductor
from .config import Clock, Settings
from .grid import Grid
from .hand import SILENCE
from .link_clock import LinkClock
from .metronome import Metronome, counted_in
from .stage import Stage
from .stamped import Arrived
from .time_source import OwnTime, TimeSource
from .timeline import Timeline

Send = Callable[[bytes], None]


class Source(Protocol):
    """Where a MIDI clock is heard."""

    def clock(self) -> Arrived | None:
        """The next message of a clock that came, and when. [loop]"""


def beginning(settings: Settings, now_ns: int) -> Timeline:
    """Musical time as it begins: after the bars that are counted before the one."""
    timeline = Timeline.at(settings.tempo_bpm, now_ns)
    counted = counted_in(timeline, now_ns, settings.bars, settings.count_in)
    return Timeline.at(settings.tempo_bpm, counted.time_at(0))


class Timekeeper:
    """Keeps a stage in time. For one thread: the loop's."""

    def __init__(
        self, settings: Settings, timeline: Timeline, now_ns: int, click: Send, clock: Send
    ) -> None:
        """`click` takes the messages of the click, `clock` those of the clock we send.

        Raises UserError if Link is asked for and not installed. [may block]
        """
        self._time = _time(settings.clock, timeline)
        self._conductor = Conductor(self._time, settings.bars)
        self._metronome = _metronome(settings)
        self._bars = settings.bars
        self._sender = ClockSender(timeline, now_ns) if settings.clock_out else None
        if self._sender:
            self._sender.start(0)
        self._click, self._clock = click, clock

    def keep(self, now_ns: int, source: Source, stage: Stage) -> None:
        """Follow whoever conducts, click and send what is due. [loop]"""
        for arrived_ns, message in iter(source.clock, None):  # even if nobody wants to know
            if isinstance(self._time, ClockFollower):
                self._time.receive(arrived_ns, message)
        new = self._conductor.poll(now_ns, stage.session.timeline)
        if new is not None:
            stage.retime(now_ns, new)
        timeline = stage.session.timeline
        if self._conductor.jumped:
            self._begin_anew(now_ns, timeline)
        if self._metronome:
            for click in self._metronome.due(now_ns, timeline):
                self._click(click.message)
        if self._sender:
            for due in self._sender.due(now_ns, timeline):
                self._clock(due.message)

    def next_ns(self, timeline: Timeline) -> int | None:
        """When there will be something to click or to send."""
        click_ns = self._metronome.next_due_ns(timeline) if self._metronome else None
        pulse_ns = self._sender.next_due_ns(timeline) if self._sender else None
        return min((ns for ns in (click_ns, pulse_ns) if ns is not None), default=None)

    def commands(self) -> list[bytes]:
        """What is to be done because the song goes elsewhere. [loop]"""
        return [SILENCE] if self._conductor.leaving else []

    def news(self) -> list[str]:
        """Sentences on whether the clock runs. [loop]"""
        return self._conductor.news()

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

    def _begin_anew(self, now_ns: int, timeline: Timeline) -> None:
        """The song is elsewhere: click and clock go on from there, from its next bar."""
        if self._metronome:
            for click in self._metronome.jumped(timeline, now_ns):
                self._click(click.message)
        if self._sender:
            for due in self._sender.jumped(timeline, now_ns):
                self._clock(due.message)
            self._sender.start(self._bars.line_at_or_after(timeline.tick_at(now_ns) + 1, Grid.BAR))


def _time(clock: Clock, timeline: Timeline) -> TimeSource:
    """Whose time is played by."""
    match clock:
        case Clock.MIDI:
            return ClockFollower(timeline)
        case Clock.LINK:
            return LinkClock(timeline)
    return OwnTime(timeline)


def _metronome(settings: Settings) -> Metronome | None:
    """Who clicks, if anybody shall."""
    if not settings.click and not settings.count_in:
        return None
    begins = -settings.count_in * settings.bars.bar_ticks
    return Metronome(settings.bars, begins, until=None if settings.click else 0)
