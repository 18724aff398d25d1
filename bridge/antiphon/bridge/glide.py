"""From one timeline to a better one without a jump: the tick in progress stays where it began.

A source of time knows its tempo and phase better with every beat. Here the notes are never moved
at a stroke: the tempo bends until, a sixth of a beat on, both timelines meet. Pure.
"""

from __future__ import annotations

from antiphon.engine.notes import TICKS_PER_BEAT

from .timeline import Timeline

MEET_TICKS = TICKS_PER_BEAT // 6
"""How far ahead the two shall meet."""
AHEAD_TICKS = 2 * TICKS_PER_BEAT
"""Notes so far ahead shall be right already, else the timeline is worth a change."""
CLOSE_NS = 300_000
"""What nobody hears: so far apart the two may stay."""
STEEPEST = 4
"""A beat may last so many times as long as it should, or as short a part of it."""


class Glide:
    """The timeline that is played by, on its way to the one that is meant. [loop]"""

    def __init__(self) -> None:
        self.played: Timeline | None = None
        """What is played by now; None before the first jump."""
        self.meant: Timeline | None = None
        """What it is on its way to, or has reached."""
        self._meets_ns: int | None = None

    def jump(self, meant: Timeline) -> Timeline:
        """Play by `meant` from now on, wherever that is."""
        self.played, self.meant, self._meets_ns = meant, meant, None
        return meant

    def follow(self, now_ns: int, meant: Timeline) -> Timeline | None:
        """The timeline to play by from now on, None if the one that is will do."""
        played = self.played
        if played is None:
            return self.jump(meant)
        tick = played.tick_at(now_ns)
        if _close(played, meant, tick) and _close(played, meant, tick + AHEAD_TICKS):
            self._meets_ns = None
            return None
        self.played, self.meant = _bent(played, meant, tick), meant
        self._meets_ns = self.played.time_at(tick + MEET_TICKS)
        return self.played

    def settle(self, now_ns: int) -> Timeline | None:
        """Go straight on where the two meet; None if it is not time or nothing is bent."""
        if self.meant is None or self._meets_ns is None or now_ns < self._meets_ns:
            return None
        return self.follow(now_ns, self.meant)


def _close(a: Timeline, b: Timeline, tick: int) -> bool:
    return abs(a.time_at(tick) - b.time_at(tick)) <= CLOSE_NS


def _bent(played: Timeline, meant: Timeline, tick: int) -> Timeline:
    begins_ns = played.time_at(tick)
    if abs(begins_ns - meant.time_at(tick)) <= CLOSE_NS:
        return Timeline(meant.ns_per_beat, tick, begins_ns)
    meets_ns = meant.time_at(tick + MEET_TICKS)
    ns_per_beat = (meets_ns - begins_ns) * TICKS_PER_BEAT // MEET_TICKS
    shortest, longest = meant.ns_per_beat // STEEPEST, meant.ns_per_beat * STEEPEST
    ns_per_beat = max(TICKS_PER_BEAT, min(max(ns_per_beat, shortest), longest))
    return Timeline(ns_per_beat, tick, begins_ns)
