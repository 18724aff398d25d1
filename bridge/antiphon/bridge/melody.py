"""What a player played, as one line of tones: the top voice, with the rests between them.

Chords count as one tone; keys struck far under one that is still held are accompaniment.
Who detaches every tone is read as if the tones filled their place, so that a rest is a rest. Pure.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

from .echoes import Echoes

CHORD_NS = 40_000_000
"""Keys struck within so long are one chord, which says nothing of the pace."""
SHORTEST_REST_NS = 150_000_000
REST = 0.3
"""A rest is longer than this share of the usual gap between onsets, and than the shortest."""
LONG_REST = 1.4
LONG_REST_NS = 500_000_000
DETACHED = 0.75
"""Whose tones fill less of the time between onsets than this detaches them."""
FORGETTING = 0.985
"""What a pitch class that was heard still weighs a tone later."""
FAR_BELOW = 9
"""Semitones under a key still held from which on a key is accompaniment; a legato line that goes
down overlaps too.
"""
MOST_TONES = 256


class Place(NamedTuple):
    """Where in the bars a moment is."""

    beats: float
    """Quarters since a bar line, that of the first bar if it is known."""
    bar: float
    """Length of a bar in quarters."""
    beat_ns: int


class Tone(NamedTuple):
    """One tone of the line. While its key is held its length is 0."""

    onset_ns: int
    length_ns: int
    pitch: int
    place: Place | None


class Rest(NamedTuple):
    """A silence that a tone ended."""

    length_ns: int
    after_ns: int
    """Length of the tone before it."""


class Phrase(NamedTuple):
    """What lay between two rests."""

    length_ns: int
    tones: int


class Melody:
    """The line as it grows. [loop]"""

    def __init__(self) -> None:
        self.tones: list[Tone] = []
        """Latest tones; the last has a length once its key is up."""
        self.count = 0
        """Tones ever."""
        self.gaps_ns: deque[int] = deque(maxlen=48)
        self.usual_ns = 500_000_000
        """The usual gap between onsets, at least 1; half a second before there is one."""
        self.rests: deque[Rest] = deque(maxlen=24)
        self.phrases: deque[Phrase] = deque(maxlen=8)
        """Between rests of any kind."""
        self.sentences: deque[Phrase] = deque(maxlen=8)
        """Between long rests."""
        self.phrase_start = self.sentence_start = 0
        """Index in `tones` of the first of what is under way."""
        self.parts = 0
        """Rests since the last long one."""
        self.classes = [0.0] * 12
        """How much each pitch class was heard, lately above all."""
        self.closing = [0.0] * 12
        """The same for the tones before rests."""
        self.echoes = Echoes()
        self._held_ns = 0
        self._shares: deque[float] = deque(maxlen=8)

    def strike(self, now_ns: int, pitch: int, place: Place | None = None) -> None:
        """A key went down."""
        if self.tones:
            last = self.tones[-1]
            if now_ns - last.onset_ns <= CHORD_NS:
                top = pitch if last.length_ns else max(last.pitch, pitch)
                self.tones[-1] = last._replace(pitch=top, length_ns=0)
                return
            if not last.length_ns and pitch <= last.pitch - FAR_BELOW:
                return
            self._close(now_ns)
        self._begin(Tone(now_ns, 0, pitch, place))

    def let_go(self, now_ns: int, pitch: int) -> None:
        """The sound of a key ended."""
        if self.tones and self.tones[-1].pitch == pitch and not self.tones[-1].length_ns:
            last = self.tones[-1]
            self._held_ns = max(now_ns - last.onset_ns, 1)
            self.tones[-1] = last._replace(length_ns=self._filled(self._held_ns))

    def quiet(self, now_ns: int) -> None:
        """Nothing sounds any more."""
        if self.tones:
            self.let_go(now_ns, self.tones[-1].pitch)

    @property
    def ends_ns(self) -> int:
        """When the last tone ends, or would if it were not detached."""
        return self.tones[-1].onset_ns + self.tones[-1].length_ns

    def _filled(self, length_ns: int) -> int:
        """What the tone would last if it were not detached."""
        share = median(self._shares) if self._shares else 1.0
        return int(length_ns / share) if share < DETACHED else length_ns

    def _begin(self, tone: Tone) -> None:
        step = tone.pitch - self.tones[-1].pitch if self.tones else 0
        pace = self.gaps_ns[-1] / self.usual_ns if self.gaps_ns else 1.0
        self.echoes.strike(step, pace)
        self.tones.append(tone)
        self.count += 1
        if len(self.tones) > MOST_TONES:
            self._forget(MOST_TONES // 4)

    def _forget(self, tones: int) -> None:
        del self.tones[:tones]
        self.echoes.forget(tones)
        self.phrase_start = max(self.phrase_start - tones, 0)
        self.sentence_start = max(self.sentence_start - tones, 0)

    def _close(self, now_ns: int) -> None:
        """The next tone begins: now the gap and the rest before it are known."""
        last = self.tones[-1]
        gap = now_ns - last.onset_ns
        held = min(self._held_ns, gap) if last.length_ns else gap
        length = min(last.length_ns or gap, gap)
        self.tones[-1] = last = last._replace(length_ns=length)
        self.gaps_ns.append(gap)
        self.usual_ns = max(int(median(self.gaps_ns)), 1)
        if gap < 1.5 * self.usual_ns:  # a gap that holds a rest says nothing of articulation
            self._shares.append(max(held / gap, 0.1))
        self.classes = [FORGETTING * weight for weight in self.classes]
        self.classes[last.pitch % 12] += (length / 1e9) ** 0.5
        self.echoes.rest(length / 1e9, (gap - length) / self.usual_ns)
        if gap - length > max(SHORTEST_REST_NS, REST * self.usual_ns):
            self._rested(last, gap - length)

    def _rested(self, last: Tone, rest: int) -> None:
        """The tone that begins is the first of a phrase."""
        self.rests.append(Rest(rest, last.length_ns))
        self.closing = [0.9 * weight for weight in self.closing]
        self.closing[last.pitch % 12] += min(rest / self.usual_ns, 4.0)
        self.phrases.append(self._since(self.phrase_start, last))
        self.phrase_start = len(self.tones)
        self.parts += 1
        if rest > max(LONG_REST_NS, LONG_REST * self.usual_ns):
            self.sentences.append(self._since(self.sentence_start, last))
            self.sentence_start, self.parts = len(self.tones), 0

    def _since(self, start: int, last: Tone) -> Phrase:
        length = last.onset_ns + last.length_ns - self.tones[start].onset_ns
        return Phrase(max(length, 1), len(self.tones) - start)
