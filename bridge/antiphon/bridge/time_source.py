"""Where musical time comes from, as the loop that plays sees it; and the simplest: our own tempo.

Pure: a source is told the time, and fed by whoever owns its port, pipe or keys.
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from .timeline import Timeline


class Transport(Enum):
    """What the source of time is doing."""

    WAITING = "waiting"
    """Nothing was heard of it so far: its timeline is the one it was begun with."""
    STOPPED = "stopped"
    """It keeps time, but the song does not run."""
    RUNNING = "running"
    LOST = "lost"
    """It kept time and was not heard for a while: its latest tempo goes on."""


class TimeSource(Protocol):
    """Musical time. Cheap enough to be asked every millisecond. [loop]"""

    @property
    def transport(self) -> Transport:
        """What it is doing, as of the latest `poll`."""

    @property
    def jumps(self) -> int:
        """How often the song went elsewhere. Between two jumps no tick ever comes twice, and the
        tick in progress stays where it began.
        """

    def poll(self, now_ns: int) -> Timeline | None:
        """The timeline from now on, None if it is the one that was given last."""


class OwnTime:
    """Our own tempo, or free time: it changes when told to. [loop]"""

    jumps = 0
    transport = Transport.RUNNING

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._new = True

    def poll(self, now_ns: int) -> Timeline | None:
        """The timeline, once after each change."""
        new, self._new = self._new, False
        return self._timeline if new else None

    def set_tempo(self, now_ns: int, bpm: float) -> None:
        """Another tempo from the tick in progress on; 1..1000 else ValueError."""
        self._timeline = self._timeline.with_tempo(bpm, self._timeline.tick_at(now_ns))
        self._new = True
