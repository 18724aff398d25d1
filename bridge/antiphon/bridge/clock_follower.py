"""MIDI clock in: where the sender's song is, out of pulses that arrive with jitter.

Fed with each message and its arrival; gives a timeline that never jumps unless the sender does.
Twenty-four pulses make a beat, two ticks each. Pure.
"""

from __future__ import annotations

from . import midi_clock
from .glide import Glide
from .missed_pulses import SEEN, MissedPulses
from .pulse_line import PulseLine
from .time_source import Transport
from .timeline import Timeline

LOST_NS = 500_000_000
"""Without a pulse for so long the clock is lost: 5 beats a minute is the slowest."""
SHORTEST_BEAT_NS, LONGEST_BEAT_NS = 60_000_000, 24 * LOST_NS
"""Beats of 1000 and of 5 a minute."""
SETTLES_IN = 12
"""Pulses after a silence until they are counted again."""
EARLY_NS = 2_000_000
LATE_NS = 30_000_000
"""So far off the line, the first pulse after a start begins another line."""


class ClockFollower:
    """A `TimeSource` that follows a MIDI clock. [loop]"""

    def __init__(self, timeline: Timeline, latency_ns: int = 0) -> None:
        """`timeline` goes on until there are pulses; each message arrives `latency_ns` late.

        That is the least the way in takes, not the mean: what chance adds is found out here.
        """
        self.jumps = 0
        self.latency_ns = latency_ns
        self._pulses = PulseLine(timeline.ns_per_beat / midi_clock.PULSES_PER_BEAT)
        self._missed = MissedPulses()
        self._count = self._settling = 0
        self._pulse_ns: int | None = None
        self._ahead = 0  # pulses the song's count is ahead of ours
        self._next = 0
        self._located = False
        self._running = self._lost = self._fresh = self._jumped = False
        self._glide = Glide()
        self._first: Timeline | None = self._glide.jump(timeline)

    @property
    def transport(self) -> Transport:
        """What the sender is doing, as of the latest `poll`."""
        if self._lost:
            return Transport.LOST
        if self._running:
            return Transport.RUNNING
        return Transport.WAITING if self._pulse_ns is None else Transport.STOPPED

    @property
    def position(self) -> int:
        """Sixteenths from the beginning of the song to the pulse that comes next."""
        return self._next // midi_clock.PULSES_PER_SIXTEENTH

    def receive(self, arrival_ns: int, message: bytes) -> None:
        """Take a message; what has nothing to do with the clock is passed over."""
        match message[0]:
            case midi_clock.PULSE:
                self._pulse(arrival_ns - self.latency_ns)
            case midi_clock.START:
                self._next, self._located, self._running = 0, True, True
            case midi_clock.CONTINUE:
                self._located, self._running = True, True
            case midi_clock.STOP:
                self._running = self._lost = False
            case midi_clock.POSITION if len(message) == 3:
                self._next = midi_clock.sixteenths(message) * midi_clock.PULSES_PER_SIXTEENTH
                self._located = True

    def poll(self, now_ns: int) -> Timeline | None:
        """The timeline from now on, None if it is the one that was given last."""
        if self._running and self._pulse_ns is not None:
            self._lost = now_ns - self.latency_ns - self._pulse_ns > LOST_NS
        given, self._first = self._first, None
        if not self._fresh:
            return self._glide.settle(now_ns) or given
        self._fresh = False
        if not self._jumped:
            return self._glide.follow(now_ns, self._meant()) or given
        self._jumped = False
        self.jumps += 1
        return self._glide.jump(self._meant())

    def _pulse(self, ns: int) -> None:
        gap_ns = None if self._pulse_ns is None else ns - self._pulse_ns
        if gap_ns is None or gap_ns > LOST_NS:
            self._settling = SETTLES_IN
        self._pulse_ns, self._fresh = ns, True
        if self._located and self._running:
            self._take(ns, anew=gap_ns is None or self._is_elsewhere(ns))
            self._locate(self._next)
        elif self._settling:
            self._settle(ns, gap_ns)
        else:
            self._count_missed(ns)
            self._take(ns)
        self._count += 1
        if self._running:
            self._next = self._count + self._ahead

    def _take(self, ns: int, *, anew: bool = False) -> None:
        if anew:
            self._missed.forget()
            self._pulses.begin_anew(self._count, ns)
        else:
            self._pulses.take(self._count, ns)

    def _settle(self, ns: int, gap_ns: int | None) -> None:
        """After a silence nobody knows what was missed and what only held up, and comes at once
        now: the song went on as we did.
        """
        held_up = gap_ns is None or not self._pulses.line.period_ns / 4 < gap_ns <= LOST_NS
        self._take(ns, anew=held_up)
        self._settling -= not held_up
        self._fresh = not self._settling
        self._ahead = self._played_pulse() - self._count

    def _count_missed(self, ns: int) -> None:
        missed = self._missed.missed(self._pulses, self._count, ns)
        if missed:
            # From the first that told of it on; this one is still to come.
            self._pulses.renumber(missed, self._count - SEEN + 1)
            self._count += missed

    def _is_elsewhere(self, ns: int) -> bool:
        return not -EARLY_NS <= ns - self._pulses.line.at(self._count) <= LATE_NS

    def _locate(self, song_pulse: int) -> None:
        """The pulse that just came is this one of the song."""
        self._jumped = abs(self._played_pulse() - song_pulse) > 1
        self._ahead, self._located, self._settling = song_pulse - self._count, False, 0

    def _played_pulse(self) -> int:
        """The pulse of the song that is nearest, as we play."""
        played = self._glide.played
        assert played is not None
        half_ns = played.ns_per_beat // midi_clock.PULSES_PER_BEAT // 2
        return played.tick_at(self._pulses.line.ns + half_ns) // midi_clock.TICKS_PER_PULSE

    def _meant(self) -> Timeline:
        line = self._pulses.line
        beat_ns = round(line.period_ns * midi_clock.PULSES_PER_BEAT)
        return Timeline(
            min(max(beat_ns, SHORTEST_BEAT_NS), LONGEST_BEAT_NS),
            (line.number + self._ahead) * midi_clock.TICKS_PER_PULSE,
            line.ns,
        )
