"""Free time that takes the player's own tempo once it is sure of it. Pure."""

from __future__ import annotations

from antiphon.engine.notes import TICKS_PER_BEAT

from .glide import Glide
from .tempo_guess import Guess, TempoGuess
from .time_source import Transport
from .timeline import Timeline

SAME = 1.06
"""Tempos within this ratio are one tempo, played a little faster or slower."""


class GuessedTime:
    """A `TimeSource` that listens to the player. [loop]"""

    jumps = 0

    def __init__(self, timeline: Timeline) -> None:
        """`timeline` is played by until a guess is believed."""
        self.transport = Transport.WAITING
        self._guessing = TempoGuess()
        self._fresh = False
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
            guess = self._in_our_octave(guess)
            if guess.believed or self._is_ours(guess):
                self.transport = Transport.RUNNING
                return self._glide.follow(now_ns, self._meant(guess)) or given
        return self._glide.settle(now_ns) or given

    def _in_our_octave(self, guess: Guess) -> Guess:
        """Once a tempo was taken, twice and half of it are the same beats counted otherwise."""
        if self._is_ours(guess._replace(ns_per_beat=guess.ns_per_beat // 2)):
            return guess._replace(ns_per_beat=guess.ns_per_beat // 2)
        if not self._is_ours(guess._replace(ns_per_beat=guess.ns_per_beat * 2)):
            return guess
        assert self._glide.played is not None
        into_beat = self._glide.played.tick_at(guess.beat_ns) % TICKS_PER_BEAT
        between = TICKS_PER_BEAT // 4 <= into_beat < TICKS_PER_BEAT * 3 // 4
        beat_ns = guess.beat_ns + (guess.ns_per_beat if between else 0)
        return Guess(guess.ns_per_beat * 2, beat_ns, guess.confidence)

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
