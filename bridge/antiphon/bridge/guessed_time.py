"""Free time that takes the player's own tempo once it is sure of it. Pure."""

from __future__ import annotations

from antiphon.engine.notes import TICKS_PER_BEAT

from .glide import Glide
from .tempo_guess import Guess, TempoGuess
from .time_source import Transport
from .timeline import Timeline

SAME = 1.06
"""Tempos within this ratio are one tempo, played a little faster or slower."""
CONVINCING = 24
"""Strikes in a row that must say that the beat is between our beats. Where all are alike the guess
falls on either side by chance; nobody wants time to lurch for that.
"""


class GuessedTime:
    """A `TimeSource` that listens to the player. [loop]"""

    jumps = 0

    def __init__(self, timeline: Timeline) -> None:
        """`timeline` is played by until a guess is believed."""
        self.transport = Transport.WAITING
        self._guessing = TempoGuess()
        self._fresh = False
        self._told_ns: int | None = None
        self._against = 0
        """Strikes in a row that said that the beat is between our beats."""
        self._glide = Glide()
        self._first: Timeline | None = self._glide.jump(timeline)

    @property
    def guess(self) -> Guess | None:
        """What the tempo seems to be, believed or not."""
        return self._guessing.guess

    def strike(self, ns: int, velocity: int) -> None:
        """The player struck a key at `ns`, velocity 1..127."""
        self._guessing.strike(ns, velocity)
        self._fresh = True

    def poll(self, now_ns: int) -> Timeline | None:
        """The timeline from now on, None if it is the one that was given last."""
        given, self._first = self._first, None
        fresh, self._fresh = self._fresh, False
        guess = self._guessing.guess
        if fresh and guess is not None:
            guess = self._on_our_beat(self._in_our_octave(guess))
            if guess.believed or self._is_ours(guess):
                self.transport = Transport.RUNNING
                return self._glide.follow(now_ns, self._meant(guess)) or given
        return self._glide.settle(now_ns) or given

    def news(self) -> list[str]:
        """A sentence when a tempo was found, or is another than was told."""
        meant = self._glide.meant
        if self.transport is not Transport.RUNNING or meant is None:
            return []
        told_ns = self._told_ns or 0
        if told_ns / SAME < meant.ns_per_beat < told_ns * SAME:
            return []
        self._told_ns = meant.ns_per_beat
        return [f"{meant.bpm:.0f} bpm, as you play."]

    def _in_our_octave(self, guess: Guess) -> Guess:
        """Once a tempo was taken, twice and half of it are the same beats counted otherwise."""
        if self._is_ours(guess._replace(ns_per_beat=guess.ns_per_beat // 2)):
            return guess._replace(ns_per_beat=guess.ns_per_beat // 2)
        if not self._is_ours(guess._replace(ns_per_beat=guess.ns_per_beat * 2)):
            return guess
        beat_ns = guess.beat_ns + (guess.ns_per_beat if self._is_between(guess) else 0)
        return Guess(guess.ns_per_beat * 2, beat_ns, guess.confidence)

    def _on_our_beat(self, guess: Guess) -> Guess:
        """A beat that seems to be half a beat off is not, until that was said long enough."""
        between = self._is_ours(guess) and self._is_between(guess)
        self._against = self._against + 1 if between else 0
        if not between or self._against >= CONVINCING:
            return guess
        return guess._replace(beat_ns=guess.beat_ns + guess.ns_per_beat // 2)

    def _is_between(self, guess: Guess) -> bool:
        """Whether its beat is nearer to the middle of one of ours than to a beat."""
        assert self._glide.played is not None
        into_beat = self._glide.played.tick_at(guess.beat_ns) % TICKS_PER_BEAT
        return TICKS_PER_BEAT // 4 <= into_beat < TICKS_PER_BEAT * 3 // 4

    def _is_ours(self, guess: Guess) -> bool:
        """Whether it is the tempo that was taken, a little faster or slower."""
        assert self._glide.meant is not None
        ratio = guess.ns_per_beat / self._glide.meant.ns_per_beat
        return self.transport is Transport.RUNNING and 1 / SAME < ratio < SAME

    def _meant(self, guess: Guess) -> Timeline:
        """A beat of the player's is a beat of ours: the nearest one."""
        assert self._glide.played is not None
        beat = round(self._glide.played.tick_at(guess.beat_ns) / TICKS_PER_BEAT)
        return Timeline(guess.ns_per_beat, beat * TICKS_PER_BEAT, guess.beat_ns)
