"""What the player showed: how earlier silences of this piece that were like this one turned out.

Somebody who is answered and lets the answer sound was done; who interrupts it at once was not, nor
was who goes on before there is an answer. Pure.

    shown = Shown()
    shown.cues(moment)            in a silence, as cues for the judge
    shown.add(moment, outcome)    once it is known how that turned out
"""

from __future__ import annotations

from enum import IntEnum
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .melody import Melody

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_MOMENTS = 64
"""Silences that are remembered."""
LATELY, PLAYERS_WAY = 0.9, 0.93
"""What a silence still weighs one silence later: as evidence, and as this player's way."""
DOUBT = 0.4
"""Ends and other silences that are taken as seen before any was."""
LIKE_LENGTH, LIKE_PHRASE = 0.3, 0.15
"""Lengths whose logarithms differ by less are alike."""
LIKE_BAR = 0.04
"""Places in the bar that differ by less of it are alike."""
FREE_KINDS, BAR_KINDS = 8, 4
WAYS = 3
SHOWN_FREE, SHOWN_BARS = FREE_KINDS + WAYS, FREE_KINDS + BAR_KINDS + WAYS
"""How many cues there are without and with bars."""


class Outcome(IntEnum):
    """How a silence turned out."""

    UNKNOWN = -1
    WENT_ON = 0
    """The player went on before anybody took over."""
    FALSE = 1
    """Somebody took over, and the player interrupted at once."""
    RIGHT = 2
    """Somebody took over, and the player let it sound."""


class Moment(NamedTuple):
    """A silence, by the tone before it."""

    length: float
    """Logarithm of its seconds."""
    pitch: float
    step: float
    """Semitones from the tone before."""
    phrase: float
    """Logarithm of the seconds since the last rest."""
    on: float
    """Where in the bar it began, 0..1; nan without bars."""
    off: float
    """Where in the bar it ended."""


def moment(melody: Melody) -> Moment:
    """The silence after a melody of at least one tone whose last has ended."""
    last, tones = melody.tones[-1], melody.tones
    since = (melody.ends_ns - tones[melody.phrase_start].onset_ns) / 1e9
    on = off = float("nan")
    if last.place is not None:
        beats, bar, beat_ns = last.place
        on, off = beats / bar % 1, (beats + last.length_ns / beat_ns) / bar % 1
    step = last.pitch - tones[-2].pitch if len(tones) > 1 else 0
    length = log(max(last.length_ns / 1e9, 0.01))
    return Moment(length, last.pitch, step, log(max(since, 0.01)), on, off)


class Shown:
    """All that was shown so far. [loop]"""

    def __init__(self) -> None:
        self._moments = np.zeros((0, len(Moment._fields)))
        self._outcomes = np.zeros((0, 1), np.int64)

    def add(self, moment: Moment, outcome: Outcome) -> None:
        """Now it is known how a silence turned out."""
        self._moments = np.vstack([self._moments, moment])[-MOST_MOMENTS:]
        self._outcomes = np.vstack([self._outcomes, [[outcome]]])[-MOST_MOMENTS:]

    def cues(self, now: Moment) -> Floats:
        """Cues (SHOWN_BARS,) of a silence, or (SHOWN_FREE,) where there are no bars."""
        cues: Floats = shown_cues(likeness(np.array(now), self._moments), self._outcomes)[0]
        return cues


def likeness(now: Floats, before: Floats) -> Floats:
    """How like a moment (6,) earlier ones (N, 6) are, in each of some ways (ways, N), 0..2."""
    length, pitch, step, phrase, on, off = np.abs(before - now).T
    lately = LATELY ** np.arange(len(before))[::-1]
    lengths, phrases, same = length < LIKE_LENGTH, phrase < LIKE_PHRASE, pitch % 12 == 0
    far = (length / 0.4) ** 2 + (phrase / 0.4) ** 2 + 0.3 * (step / 4) ** 2 + ~same
    ways = [lengths, same, lengths & same, phrases, phrases & lengths]
    if not np.isnan(now[4]):
        # Where there were no bars yet is half a bar away.
        on, off = (np.nan_to_num(np.minimum(gap, 1 - gap), nan=0.5) for gap in (on, off))
        far += 2 * np.minimum(on / 0.1, 1)
        begun, ended = on < LIKE_BAR, off < LIKE_BAR
        ways += [begun, ended, begun & lengths, ended & same]
    return np.array([lately, *ways, 2 * np.exp(-far), np.exp(-far / 3)])


def shown_cues(likeness: Floats, outcomes: Ints) -> Floats:
    """Cues (players, ways + WAYS) of silences (ways, N) whose outcomes (N, players) are known."""
    right, false, went_on = (
        (outcomes == kind).astype(np.float64)
        for kind in (Outcome.RIGHT, Outcome.FALSE, Outcome.WENT_ON)
    )
    odds = np.log((likeness @ right + DOUBT) / (likeness @ (false + went_on) + DOUBT))
    weights = PLAYERS_WAY ** np.arange(len(outcomes))[::-1]
    return np.vstack([odds, weights @ false, weights @ right, weights @ went_on]).T
