"""Whose time is played by: a source of time, and ticks that never go back. Pure.

When the song goes elsewhere the answer ends first, and the count goes on by whole bars from where
it was: the engine remembers what it heard by ticks.
"""

from __future__ import annotations

from .grid import Bars
from .time_source import TimeSource, Transport
from .timeline import Timeline

SAYINGS = {
    Transport.STOPPED: "The clock stands.",
    Transport.RUNNING: "The clock runs.",
    Transport.LOST: "The clock is gone: its tempo goes on.",
}


class Conductor:
    """A source of time, as a session can follow it. [loop]"""

    def __init__(self, source: TimeSource, bars: Bars) -> None:
        self._source, self._bars = source, bars
        self._jumps, self._ahead = source.jumps, 0
        self._held: Timeline | None = None
        self._said = source.transport
        self.jumped = False
        """Whether the timeline that `poll` has just given is that of another place."""

    @property
    def leaving(self) -> bool:
        """Whether the next `poll` goes to another place: what was planned for this one must end."""
        return self._held is not None

    def poll(self, now_ns: int, current: Timeline) -> Timeline | None:
        """The timeline from now on, None if it is the one that is played by."""
        self.jumped = self._held is not None
        if self._held is not None:
            held, self._held = self._held, None
            return held
        new = self._source.poll(now_ns)
        if new is None:
            return None
        if self._source.jumps == self._jumps:
            counted = new.counted_on(self._ahead)
            return None if counted == current else counted
        self._jumps = self._source.jumps
        back = current.tick_at(now_ns) + 1 - new.tick_at(now_ns)
        bar = self._bars.bar_ticks
        self._ahead = max(0, -(-back // bar) * bar)
        self._held = new.counted_on(self._ahead)
        return None

    def news(self) -> list[str]:
        """A sentence when the clock begins to run, stands or is gone. [loop]"""
        now = self._source.transport
        if now is self._said:
            return []
        self._said = now
        return [SAYINGS[now]] if now in SAYINGS else []
