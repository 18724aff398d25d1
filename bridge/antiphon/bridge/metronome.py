"""The click, and the bars of it before a song: which drum notes are due when. Pure."""

from __future__ import annotations

from typing import NamedTuple

from antiphon.engine.notes import DRUM_CHANNEL, TICKS_PER_BEAT

from . import midi
from .grid import Bars, Grid
from .timeline import Timeline

HIGH, LOW = 76, 77
"""General MIDI's high and low wood block: the one, and the other beats."""
LOUD, SOFT = 110, 80
CLICK_TICKS = TICKS_PER_BEAT // 8


class Click(NamedTuple):
    """A message of the click and when it should go out."""

    wanted_ns: int
    message: bytes


def counted_in(timeline: Timeline, now_ns: int, bars: Bars, count: int) -> Timeline:
    """The same tempo with `count` >= 0 whole bars from `now_ns` to the bars' origin."""
    first = bars.origin - count * bars.bar_ticks
    return Timeline(timeline.ns_per_beat, first, now_ns)


class Metronome:
    """Clicks on every beat of the metre, from a tick on. [loop]"""

    def __init__(self, bars: Bars, start: int, until: int | None = None) -> None:
        """Clicks from tick `start` to before `until`: the bars' origin for a count-in only."""
        self._bars, self._until = bars, until
        self._next = bars.line_at_or_after(start, Grid.BEAT)
        self._sounding: int | None = None
        self._ends = 0

    def due(self, now_ns: int, timeline: Timeline) -> list[Click]:
        """Everything wanted by `now_ns`, in order; every click is ended. Of beats that were
        missed only the latest clicks.
        """
        tick = timeline.tick_at(now_ns)
        ended = self._end(timeline) if self._ends <= tick else []
        if self._next > tick:
            return ended
        beat = self._next + (tick - self._next) // self._bars.beat_ticks * self._bars.beat_ticks
        self._next = beat + self._bars.beat_ticks
        if self._until is not None and beat >= self._until:
            return ended
        return ended + self._end(timeline) + self._strike(timeline, beat)

    def next_due_ns(self, timeline: Timeline) -> int | None:
        """When there will be something to do, None if never."""
        if self._sounding is not None:
            return timeline.time_at(min(self._ends, self._next))
        over = self._until is not None and self._next >= self._until
        return None if over else timeline.time_at(self._next)

    def jumped(self, timeline: Timeline, now_ns: int) -> list[Click]:
        """The song is elsewhere: end what sounds and click on from the next beat there."""
        self._next = self._bars.line_at_or_after(timeline.tick_at(now_ns - 1) + 1, Grid.BEAT)
        return self.silence(now_ns)

    def silence(self, now_ns: int) -> list[Click]:
        """End what sounds."""
        return [Click(now_ns, click.message) for click in self._end(None)]

    def _strike(self, timeline: Timeline, beat: int) -> list[Click]:
        one = self._bars.beat_of(beat)[1] == 0
        self._sounding, self._ends = (HIGH if one else LOW), beat + CLICK_TICKS
        message = midi.note_on(DRUM_CHANNEL, self._sounding, LOUD if one else SOFT)
        return [Click(timeline.time_at(beat), message)]

    def _end(self, timeline: Timeline | None) -> list[Click]:
        if self._sounding is None:
            return []
        pitch, self._sounding = self._sounding, None
        wanted_ns = timeline.time_at(self._ends) if timeline else 0
        return [Click(wanted_ns, midi.note_off(DRUM_CHANNEL, pitch))]
