"""Names of scales and chords as musicians write them, and the pitch classes they mean. Pure.

    scale("F# dorian")     chord("Am7")     chord("Bb7#11")     chord("F/C")

A pitch class is a MIDI key number modulo 12: 0 is C, 11 is B.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

PitchClasses = frozenset[int]

ALL: PitchClasses = frozenset(range(12))

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "melodic minor": (0, 2, 3, 5, 7, 9, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "locrian": (0, 1, 3, 5, 6, 8, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "whole tone": (0, 2, 4, 6, 8, 10),
    "diminished": (0, 2, 3, 5, 6, 8, 9, 11),
    "chromatic": tuple(range(12)),
}
"""Semitones above the root. Minor is the natural one; diminished begins with a whole tone."""

_SCALE_ALIASES = {
    "": "major", "maj": "major", "ionian": "major", "m": "minor", "min": "minor",
    "aeolian": "minor", "natural minor": "minor", "pentatonic": "major pentatonic",
}  # fmt: skip

_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SIGNS = str.maketrans({"♯": "#", "♭": "b", "°": "o", "△": "Δ", "−": "-"})
_SCALE = re.compile(r"(?P<root>[A-G][#b]?) ?(?P<name>.*)")
_CHORD = re.compile(
    r"(?P<root>[A-G][#b]?)(?P<third>min|m(?!aj)|-|dim|o|ø|aug|\+)?(?P<major>maj|Maj|M|Δ)?"
    r"(?P<upto>6/9|69|5|6|7|9|11|13)?(?P<sus>sus[24]?)?"
    r"(?P<changes>(add(2|4|6|9|11|13)|no[35]|[b#](5|9|11|13))*)(/(?P<bass>[A-G][#b]?))?"
)
_CHANGE = re.compile(r"(add|no|b|#)(\d+)")
_TRIADS = {
    None: (4, 7), "min": (3, 7), "m": (3, 7), "-": (3, 7), "dim": (3, 6), "o": (3, 6),
    "ø": (3, 6), "aug": (4, 8), "+": (4, 8),
}  # fmt: skip
_EXTENSIONS = {
    None: (), "5": (), "6": (6,), "69": (6, 9), "6/9": (6, 9),
    "7": (7,), "9": (7, 9), "11": (7, 9, 11), "13": (7, 9, 13),
}  # fmt: skip
_DEGREES = {2: 2, 4: 5, 5: 7, 6: 9, 7: 10, 9: 2, 11: 5, 13: 9}
"""Semitones above the root, before anything is altered."""


def scale(name: str) -> PitchClasses:
    """Pitch classes of a scale: a root, and one of `SCALES`, major if none is named.

    ValueError if there is none of that name.
    """
    match = _SCALE.fullmatch(" ".join(name.translate(_SIGNS).split()))
    kind = match["name"].lower() if match else ""
    steps = SCALES.get(_SCALE_ALIASES.get(kind, kind))
    if match is None or steps is None:
        raise ValueError(
            f"no scale is called {name!r}: a scale is a root and one of {', '.join(SCALES)}"
        )
    return _above(match["root"], steps)


def chord(symbol: str) -> PitchClasses:
    """Pitch classes of a chord symbol, those of its extensions and its bass among them.

    A thirteenth leaves the eleventh out, as players do. ValueError if it cannot be read.
    """
    match = _CHORD.fullmatch(re.sub(r"[(), ]", "", symbol.translate(_SIGNS)))
    if match is None:
        raise ValueError(
            f"no chord is called {symbol!r}: chords read C, Am7, F#dim, Bb7sus4, Ebmaj9, F/C"
        )
    degrees = _stacked(match["third"], match["major"], match["upto"])
    if match["sus"]:
        degrees["3"] = 2 if match["sus"] == "sus2" else 5
    for kind, number in _CHANGE.findall(match["changes"]):
        _change(degrees, kind, number)
    bass = _above(match["bass"], (0,)) if match["bass"] else frozenset()
    return _above(match["root"], degrees.values()) | bass


def _stacked(third: str | None, major: str | None, upto: str | None) -> dict[str, int]:
    """Semitones above the root by degree, before anything is suspended, added or altered."""
    low, fifth = _TRIADS[third]
    degrees = {"1": 0, "3": low, "5": fifth}
    if upto == "5":
        del degrees["3"]
    if upto is None and (third == "ø" or major == "Δ" or (third and major)):
        upto = "7"
    degrees |= {str(number): _DEGREES[number] for number in _EXTENSIONS[upto]}
    if "7" in degrees and (major or third in ("dim", "o")):
        degrees["7"] = 11 if major else 9
    return degrees


def _change(degrees: dict[str, int], kind: str, number: str) -> None:
    """Add, leave out or alter one degree; both alterations of one may stand together."""
    if kind == "add":
        degrees[number] = _DEGREES[int(number)]
        return
    degrees.pop(number, None)
    if kind != "no":
        degrees[kind + number] = _DEGREES[int(number)] + (1 if kind == "#" else -1)


def _above(root: str, semitones: Iterable[int]) -> PitchClasses:
    pitch_class = _LETTERS[root[0]] + root.count("#") - root.count("b")
    return frozenset((pitch_class + step) % 12 for step in semitones)
