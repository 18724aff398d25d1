"""MIDI clock out: which of its bytes are due when, from a timeline.

Pulses always flow, so that whoever listens knows the tempo before the song starts. Over a tempo
change each is still sent once, in order: a listener counts them. Pure.
"""

from __future__ import annotations

from typing import NamedTuple

from . import midi_clock as clock
from .timeline import Timeline

_PULSE = bytes((clock.PULSE,))
_STOP = bytes((clock.STOP,))
MOST_AT_ONCE = 240
"""Pulses sent at most for one call. Whoever was away longer than their ten beats starts anew."""


class Due(NamedTuple):
    """A message and when it should go out."""

    wanted_ns: int
    message: bytes


class ClockSender:
    """Follows a timeline with pulses and says where the song is. [loop]"""

    def __init__(self, timeline: Timeline, now_ns: int) -> None:
        self._pulse = _pulse_after(timeline, now_ns)
        self._start_at: int | None = None
        self._origin = 0
        self._running = False

    @property
    def running(self) -> bool:
        """Whether the listener's song runs."""
        return self._running

    def start(self, tick: int, song_tick: int = 0) -> None:
        """The song runs from `tick` on, beginning at its own `song_tick` >= 0.

        `song_tick` is rounded down to a sixteenth, the finest there is a message for, and `tick`
        up to a pulse. While it runs already this is a jump: stop, position, continue.
        """
        self._start_at = -(-tick // clock.TICKS_PER_PULSE)
        self._origin = min(song_tick // clock.TICKS_PER_SIXTEENTH, clock.MOST_SIXTEENTHS)

    def stop(self, now_ns: int) -> list[Due]:
        """The song stops now, and a start that was still to come does not."""
        was, self._running, self._start_at = self._running, False, None
        return [Due(now_ns, _STOP)] if was else []

    def jumped(self, timeline: Timeline, now_ns: int) -> list[Due]:
        """The timeline is another: pulses go on by it, and the song stops until it is started."""
        self._pulse = _pulse_after(timeline, now_ns)
        return self.stop(now_ns)

    def due(self, now_ns: int, timeline: Timeline) -> list[Due]:
        """Everything wanted by `now_ns`, in order. `timeline` goes on from the one before."""
        result: list[Due] = []
        while (wanted_ns := self._pulse_ns(timeline)) <= now_ns and len(result) < MOST_AT_ONCE:
            if self._start_at is not None and self._pulse >= self._start_at:
                result += [Due(wanted_ns, message) for message in self._begin()]
            result.append(Due(wanted_ns, _PULSE))
            self._pulse += 1
        return result

    def next_due_ns(self, timeline: Timeline) -> int:
        """When the next pulse is wanted."""
        return self._pulse_ns(timeline)

    def _pulse_ns(self, timeline: Timeline) -> int:
        return timeline.time_at(self._pulse * clock.TICKS_PER_PULSE)

    def _begin(self) -> list[bytes]:
        was, self._running, self._start_at = self._running, True, None
        stop = [_STOP] if was else []
        if self._origin == 0:
            return [*stop, bytes((clock.START,))]
        return [*stop, clock.song_position(self._origin), bytes((clock.CONTINUE,))]


def _pulse_after(timeline: Timeline, now_ns: int) -> int:
    return -(-(timeline.tick_at(now_ns - 1) + 1) // clock.TICKS_PER_PULSE)
