"""How the tempo of a piece went: from moments known on both sides to a few steady tempos. Pure.

A timeline that follows somebody bends at every other beat. A file needs only so many tempos that
every moment is where it was, as near as nobody hears.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from antiphon.engine.notes import TICKS_PER_BEAT, Note

NEAR_NS = 2_000_000
"""How far a moment may be from where it was."""
SLOWEST_BEAT_US = 2**24 - 1
"""A tempo event of a MIDI file holds 24 bits."""
BPM_OF_MS = 60_000 / TICKS_PER_BEAT
"""The tempo at which a tick lasts a millisecond."""
_NS_PER_US = 1000


class Moment(NamedTuple):
    """A tick, and when it was."""

    tick: int
    ns: int


class Tempo(NamedTuple):
    """A steady tempo."""

    tick: int
    """Where it begins, 0 or later."""
    beat_us: int
    """Microseconds a beat lasts, 1 to 16,777,215, as a MIDI file says it."""


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Tempos in order, the first at tick 0, which is at 0 ns."""

    tempos: tuple[Tempo, ...]

    @classmethod
    def steady(cls, bpm: float) -> TempoMap:
        """One tempo all along."""
        return cls((Tempo(0, _beat_us(60e9 / bpm / TICKS_PER_BEAT)),))

    @classmethod
    def through(cls, moments: Sequence[Moment]) -> TempoMap:
        """As few tempos as lead by all moments, which are two or more, both sides rising."""
        return cls(tuple(_tempos(moments)))

    @property
    def bpm(self) -> float:
        """The first tempo."""
        return round(60e6 / self.tempos[0].beat_us, 3)

    def since(self, tick: int) -> TempoMap:
        """The same from `tick` on, which is tick 0 then; before tick 0 the first tempo goes on."""
        begun = max(1, bisect_right(self.tempos, tick, key=lambda tempo: tempo.tick))
        first, *others = self.tempos[begun - 1 :]
        moved = (tempo._replace(tick=tempo.tick - tick) for tempo in others)
        return TempoMap((first._replace(tick=0), *moved))

    def ns_at(self, tick: int) -> int:
        """When `tick` is; before tick 0 the first tempo goes on."""
        ns, at = 0, max(1, bisect_right(self.tempos, tick, key=lambda tempo: tempo.tick))
        for before, then in zip(self.tempos[:at], self.tempos[1:at], strict=False):
            ns += _lasts_ns(then.tick - before.tick, before.beat_us)
        latest = self.tempos[at - 1]
        return ns + _lasts_ns(tick - latest.tick, latest.beat_us)

    def tick_at(self, ns: int) -> int:
        """The tick that runs at `ns`."""
        latest = max((t for t in self.tempos if self.ns_at(t.tick) <= ns), default=self.tempos[0])
        beats_of_us = TICKS_PER_BEAT * (ns - self.ns_at(latest.tick)) // _NS_PER_US
        return latest.tick + beats_of_us // latest.beat_us

    def in_ms(self, notes: Sequence[Note]) -> list[Note]:
        """The notes with milliseconds in place of ticks."""
        result = []
        for note in notes:
            on, off = (round(self.ns_at(tick) / 1e6) for tick in (note.onset, note.end))
            length = max(1, off - on)
            result.append(Note(on, note.instrument, note.pitch, length, note.velocity))
        return result


def _tempos(moments: Sequence[Moment]) -> Iterator[Tempo]:
    """Each tempo leads as far as one line passes all moments on the way closely enough."""
    (tick, ns), at = moments[0], 1
    exact_ns = float(ns)
    while at < len(moments):
        steepest, flattest = float("inf"), 0.0
        beat_us, begun = SLOWEST_BEAT_US, at
        while at < len(moments):
            ticks, lasts_ns = moments[at].tick - tick, moments[at].ns - exact_ns
            flattest = max(flattest, (lasts_ns - NEAR_NS) / ticks)
            steepest = min(steepest, (lasts_ns + NEAR_NS) / ticks)
            if flattest > steepest and at > begun:
                break
            beat_us = _beat_us(min(max(lasts_ns / ticks, flattest), steepest))
            at += 1
        yield Tempo(tick - moments[0].tick, beat_us)
        exact_ns += (moments[at - 1].tick - tick) * beat_us * _NS_PER_US / TICKS_PER_BEAT
        tick = moments[at - 1].tick


def _beat_us(ns_per_tick: float) -> int:
    return min(SLOWEST_BEAT_US, max(1, round(ns_per_tick * TICKS_PER_BEAT / _NS_PER_US)))


def _lasts_ns(ticks: int, beat_us: int) -> int:
    return ticks * beat_us * _NS_PER_US // TICKS_PER_BEAT
