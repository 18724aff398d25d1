"""Songs of the POP909 data set, with the chords and beats that its authors annotated.

The annotations are in seconds of the original files, ours may have had whole bars of silence cut
from their beginning. How many is told by the chords: they fit the notes in one place only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import TICKS_PER_BEAT

from .bands import Chord, Song
from .reading import Tempos, read_tracks
from .table import Ints

Floats = npt.NDArray[np.float64]

MOST_CUT = 10
"""Bars that may have been cut."""
FIT = 0.7
"""Share of the accompaniment that must be in its chords; 0.98 is usual, 0.7 a bar or more off."""
UNEVEN = 2
"""Ticks that beats may stray from an even row."""

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
QUALITIES = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus2": (0, 2, 7),
    "sus4": (0, 5, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
    "minmaj7": (0, 3, 7, 11), "maj6": (0, 4, 7, 9), "min6": (0, 3, 7, 9), "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10), "sus4(b7)": (0, 5, 7, 10),
}  # fmt: skip
DEGREES = {"3": 4, "b3": 3, "5": 7, "b5": 6, "7": 11, "b7": 10}
CHORD = re.compile(r"(?P<step>[A-G])(?P<signs>[#b]*):(?P<quality>[^/]+)(/(?P<bass>\S+))?")


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is known of one song, in seconds of its original file."""

    onsets: Floats
    """When each chord begins."""
    chords: tuple[Chord | None, ...]
    beats: Floats
    downbeats: npt.NDArray[np.bool_]
    """Which beats begin a bar."""


def chord(text: str) -> Chord | None:
    """The chord that a label like `Ab:min7/5` names; None for `N`, no chord."""
    named = CHORD.fullmatch(text)
    if named is None or named["quality"] not in QUALITIES:
        return None
    root = (STEPS[named["step"]] + named["signs"].count("#") - named["signs"].count("b")) % 12
    tones = frozenset((root + rise) % 12 for rise in QUALITIES[named["quality"]])
    bass = (root + DEGREES.get(named["bass"] or "", 0)) % 12
    return Chord(root, bass if bass in tones else root, tones)


def read_annotation(folder: Path) -> Annotation:
    """`chord_midi.txt` and `beat_midi.txt` of a song's folder; FileRefused if they cannot be."""
    try:
        lines = [line.split() for line in (folder / "chord_midi.txt").read_text().splitlines()]
        beats = np.loadtxt(folder / "beat_midi.txt", ndmin=2)
        onsets = np.array([float(line[0]) for line in lines])
        return Annotation(
            onsets, tuple(chord(line[2]) for line in lines), beats[:, 0], beats[:, 2] > 0
        )
    except (OSError, ValueError, IndexError) as error:
        raise FileRefused(f"its annotation cannot be read ({error})") from None


def read_song(path: Path, annotations: Path) -> Song:
    """A MIDI file of the data set (`001.mid`) with its annotation (`001/` under the folder).

    Raises FileRefused with the reason alone, also if the annotation fits the notes nowhere, or the
    song is not in four.
    """
    tracks, tempos = read_tracks(path)
    if len(tracks) != 3:
        raise FileRefused("it does not have the tracks melody, bridge and piano")
    told = read_annotation(annotations / path.stem)
    cut_s = _cut_s(told, tracks[2], tempos)
    beats = tempos.ticks_at(told.beats - cut_s)
    origin, bars = _bars(told, beats, tracks)
    starts = np.rint((tempos.ticks_at(told.onsets - cut_s) - origin) / TICKS_PER_BEAT)
    melody, counter, comp = (_moved(track, origin) for track in tracks)
    chords = _by_beat(starts, told.chords, bars[-1])
    return Song(melody, counter, comp, chords, bars, tempos.bpm)


def _cut_s(told: Annotation, comp: Ints, tempos: Tempos) -> float:
    """Seconds of silence that the file lacks: where the chords fit the accompaniment best."""
    bar_s = 4 * 60 / tempos.bpm
    fits = [fit(told, comp, tempos, n * bar_s) for n in range(MOST_CUT + 1)]
    if max(fits) < FIT:
        raise FileRefused("its annotation fits the notes nowhere")
    return int(np.argmax(fits)) * bar_s


def fit(told: Annotation, notes: Ints, tempos: Tempos, cut_s: float) -> float:
    """Share of the notes whose pitch is in the chord they begin with, were so much cut."""
    tones = np.zeros((len(told.chords) + 1, 12), bool)
    for i, named in enumerate(told.chords):
        tones[i, list(named.tones if named else ())] = True
    starts = tempos.ticks_at(told.onsets - cut_s)
    # The last row, no chord, is also what is before the first.
    at = np.searchsorted(starts, notes[:, 0] + UNEVEN, side="right") - 1
    return float(tones[at, notes[:, 2] % 12].mean())


def _bars(told: Annotation, beats: Floats, tracks: Sequence[Ints]) -> tuple[int, tuple[int, ...]]:
    """Tick of the bar that the first note is in; the beats from there at which bars begin."""
    zero = round(float(beats[0]))
    if np.abs(beats - zero - TICKS_PER_BEAT * np.arange(len(beats))).max() > UNEVEN:
        raise FileRefused("its beats are uneven")
    down = np.flatnonzero(told.downbeats)
    if len(down) < 2 or np.median(np.diff(down)) != 4:
        raise FileRefused("it is not in four")
    onsets = np.concatenate(tracks)[:, 0]
    first, last = (
        (int(tick) + UNEVEN - zero) // TICKS_PER_BEAT for tick in (onsets.min(), onsets.max())
    )
    before = range(int(down[0]) - 4, first - 4, -4)
    after = range(int(down[-1]) + 4, last + 5, 4)
    bars = np.array([*reversed(before), *down, *after])
    begin = int(np.searchsorted(bars, first, side="right")) - 1
    end = int(np.searchsorted(bars, last, side="right")) + 1
    return zero + TICKS_PER_BEAT * int(bars[begin]), tuple((bars[begin:end] - bars[begin]).tolist())


def _by_beat(
    starts: Floats, chords: Sequence[Chord | None], n_beats: int
) -> tuple[Chord | None, ...]:
    """The chord of each beat."""
    at = np.searchsorted(starts, np.arange(n_beats), side="right") - 1
    return tuple(chords[i] if i >= 0 else None for i in at.tolist())


def _moved(track: Ints, origin: int) -> Ints:
    moved = track.copy()
    moved[:, [0, 3]] -= origin
    moved[:, 0] = np.maximum(moved[:, 0], 0)
    return moved
