"""The line between musical time and the clock: a tempo and one moment known on both sides.

It does not know what time it is, who sets the tempo, or what is played.
"""

from __future__ import annotations

from dataclasses import dataclass

from antiphon.engine.notes import FREE_TEMPO_BPM, TICKS_PER_BEAT

_NS_PER_MINUTE = 60_000_000_000
MIN_BPM = 1.0
MAX_BPM = 1000.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """A constant tempo through one fixed moment, in whole numbers only. [any thread]

    `tick_at(time_at(tick)) == tick` for every tick, at every tempo.
    """

    ns_per_beat: int
    """Nanoseconds a beat lasts, at least 48 so that no two ticks share a nanosecond."""
    tick_origin: int
    """The tick that sounds at `time_origin_ns`."""
    time_origin_ns: int
    """Monotonic nanoseconds."""

    def __post_init__(self) -> None:
        if self.ns_per_beat < TICKS_PER_BEAT:
            raise ValueError(f"a beat of {self.ns_per_beat} ns is shorter than its ticks")

    @classmethod
    def free(cls, origin_ns: int) -> Timeline:
        """Free time: 120 bpm, tick 0 at `origin_ns`."""
        return cls.at(FREE_TEMPO_BPM, origin_ns)

    @classmethod
    def at(cls, bpm: float, origin_ns: int) -> Timeline:
        """Tick 0 at `origin_ns`, `bpm` beats a minute (1..1000, else ValueError)."""
        return cls(_beat_ns(bpm), 0, origin_ns)

    def with_tempo(self, bpm: float, at_tick: int) -> Timeline:
        """Another tempo from `at_tick` on, which keeps its moment; `bpm` as in `at`."""
        return Timeline(_beat_ns(bpm), at_tick, self.time_at(at_tick))

    @property
    def bpm(self) -> float:
        """Beats a minute, for people to read."""
        return _NS_PER_MINUTE / self.ns_per_beat

    def time_at(self, tick: int) -> int:
        """Monotonic nanoseconds at which `tick` begins, rounded up."""
        # Up, because `tick_at` rounds down: only so are the two inverse to each other.
        return self.time_origin_ns - (
            (self.tick_origin - tick) * self.ns_per_beat // TICKS_PER_BEAT
        )

    def tick_at(self, time_ns: int) -> int:
        """The tick running at `time_ns`: the last one that has begun."""
        elapsed = time_ns - self.time_origin_ns
        return self.tick_origin + elapsed * TICKS_PER_BEAT // self.ns_per_beat

    def carry(self, time_ns: int, to: Timeline) -> int:
        """When on the timeline `to` what happens here at `time_ns` happens: the same part of its
        tick. Exact for the beginnings of ticks, and never the other way round for any two moments.
        """
        tick = self.tick_at(time_ns)
        into_ns, begins_ns = time_ns - self.time_at(tick), to.time_at(tick)
        if into_ns == 0:
            return begins_ns
        ends_ns = to.time_at(tick + 1)
        lasts_ns = self.time_at(tick + 1) - self.time_at(tick)
        return begins_ns + into_ns * (ends_ns - begins_ns) // lasts_ns

    def counted_on(self, ticks: int) -> Timeline:
        """The same moments, each `ticks` further on in the count."""
        return Timeline(self.ns_per_beat, self.tick_origin + ticks, self.time_origin_ns)


def _beat_ns(bpm: float) -> int:
    if not MIN_BPM <= bpm <= MAX_BPM:
        raise ValueError(f"a tempo of {bpm} bpm is not between {MIN_BPM:g} and {MAX_BPM:g}")
    return round(_NS_PER_MINUTE / bpm)
