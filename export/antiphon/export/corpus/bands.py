"""Songs arranged for a band: a melody, its accompaniment, a bass under the chords, and drums.

Pure: tables of notes in, one out. In all of them beats are whole multiples of 48 ticks from tick 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from antiphon.engine.notes import INSTRUMENTS, TICKS_PER_BEAT

from .table import Ints, merged

LEADS = tuple(INSTRUMENTS.index(name) for name in ("lead", "reed", "pipe", "ensemble"))
"""Who may sing the melody; voices are of the family `ensemble`."""
COMPS = tuple(INSTRUMENTS.index(name) for name in ("piano", "guitar"))
COUNTER = INSTRUMENTS.index("strings")
BASS = INSTRUMENTS.index("bass")

LOWEST_COMP = 48
"""Keys of the accompaniment below this are the bass's now."""
LOWEST_BASS = 28
"""E1, the open string; the line stays within the octave above it."""
BAR = 4 * TICKS_PER_BEAT
EARLY = TICKS_PER_BEAT // 4
"""A drum struck so short before a bar belongs to it: drummers push."""
BASS_VELOCITY = 84

ROOT, FIFTH = 0, 7
FIGURES: tuple[tuple[tuple[int, int, int], ...], ...] = (
    ((0, 192, ROOT),),
    ((0, 96, ROOT), (96, 96, ROOT)),
    ((0, 72, ROOT), (72, 24, ROOT), (96, 48, ROOT), (144, 48, FIFTH)),
    ((0, 96, ROOT), (96, 48, FIFTH), (144, 48, ROOT)),
    tuple((at, 24, ROOT) for at in range(0, BAR, 24)),
)  # fmt: skip
"""What a bass plays in a bar: onset, length and interval above the root, in ticks and semitones."""


@dataclass(frozen=True, slots=True)
class Chord:
    """Pitch classes, 0 for C."""

    root: int
    bass: int
    """The lowest, which is the root but in inversions."""
    tones: frozenset[int]


@dataclass(frozen=True, slots=True)
class Song:
    """A song taken apart."""

    melody: Ints
    counter: Ints
    """A second voice, mostly where the melody rests; may be empty."""
    comp: Ints
    """The accompaniment."""
    chords: tuple[Chord | None, ...]
    """One a beat, from tick 0 on."""
    bars: tuple[int, ...]
    """Beats at which bars begin, the first 0, and the beat after the last bar."""
    bpm: float

    @property
    def metre(self) -> tuple[int, int] | None:
        """4/4 if all bars are; None if some are not, as then nothing can be said of later ones."""
        return (4, 4) if set(np.diff(self.bars).tolist()) == {4} else None


def arranged(song: Song, take: Ints, rng: np.random.Generator) -> Ints:
    """The song for a band, in which `take`, a table of drums in 4/4, goes round and round.

    Who plays what, and the figure of the bass, are drawn.
    """
    parts = [
        _played_by(int(rng.choice(LEADS)), song.melody),
        _played_by(COUNTER, song.counter),
        _played_by(int(rng.choice(COMPS)), song.comp[song.comp[:, 2] >= LOWEST_COMP]),
        bass_line(song, FIGURES[rng.integers(len(FIGURES))], rng),
        drums(song, take),
    ]
    return merged(np.concatenate(parts))


def bass_line(song: Song, figure: Sequence[tuple[int, int, int]], rng: np.random.Generator) -> Ints:
    """A bass that strikes each new chord, and in between plays the figure; never past its chord."""
    rows = []
    for begin, end, chord in _stretches(song):
        for at, length, rise in figure:
            if begin + at >= end:
                break
            tone = (chord.root + rise) % 12
            pitch = _low(tone if rise != ROOT and tone in chord.tones else chord.bass)
            velocity = BASS_VELOCITY + int(rng.integers(-6, 7))
            rows.append((begin + at, BASS, pitch, min(begin + at + length, end), velocity))
    return np.array(rows, np.int64).reshape(-1, 5)


def _stretches(song: Song) -> Iterator[tuple[int, int, Chord]]:
    """Begin and end, in ticks, of each chord; one that is longer than its bar begins again."""
    begin = 0
    for beat in range(1, len(song.chords) + 1):
        chord = song.chords[begin]
        ends = beat == len(song.chords) or beat in song.bars or song.chords[beat] != chord
        if ends or beat - begin == BAR // TICKS_PER_BEAT:
            if chord:
                yield begin * TICKS_PER_BEAT, beat * TICKS_PER_BEAT, chord
            begin = beat


def drums(song: Song, take: Ints) -> Ints:
    """The take's bars laid on the song's, from the first chord's bar to the last chord's."""
    bars, turn = take_bars(take), 0
    sounding = [beat for beat, chord in enumerate(song.chords) if chord]
    laid = [take[:0]]
    for bar, after in pairwise(song.bars):
        if not bars or not sounding or after <= sounding[0] or bar > sounding[-1]:
            continue
        for begin in range(bar * TICKS_PER_BEAT, after * TICKS_PER_BEAT, BAR):
            left = after * TICKS_PER_BEAT - begin
            played = bars[turn % len(bars)]
            # In a bar cut short, what would push the next beat is not played either.
            played = played if left >= BAR else played[played[:, 0] < left - EARLY]
            laid.append(_later(played, begin))
            turn += 1
    strokes = np.concatenate(laid)
    return strokes[strokes[:, 0] >= 0]


def _later(notes: Ints, ticks: int) -> Ints:
    later = notes.copy()
    later[:, [0, 3]] += ticks
    return later


def take_bars(take: Ints) -> list[Ints]:
    """The whole bars of a drum take, each counted from its own tick 0.

    A bar at either end that the drummer did not play through is left out.
    """
    bar = (take[:, 0] + EARLY) // BAR
    bars = [_later(take[bar == i], -i * BAR) for i in range(int(bar.max(initial=-1)) + 1)]
    full = [i for i, strokes in enumerate(bars) if strokes[:, 0].max(initial=0) >= BAR // 2]
    return bars[full[0] : full[-1] + 1] if full else []


def _played_by(instrument: int, notes: Ints) -> Ints:
    part = notes.copy()
    part[:, 1] = instrument
    return part


def _low(tone: int) -> int:
    return LOWEST_BASS + (tone - LOWEST_BASS) % 12
