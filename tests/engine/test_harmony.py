"""Chord symbols and scale names, read as musicians read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.harmony import SCALES, chord, scale

ROOTS = ("C", "C#", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
CHORDS = {
    "C": "C E G", "Cmaj": "C E G", "Cm": "C Eb G", "C-": "C Eb G", "Cmin": "C Eb G",
    "Cdim": "C Eb Gb", "Co": "C Eb Gb", "C°7": "C Eb Gb A", "Cdim7": "C Eb Gb A",
    "Caug": "C E Ab", "C+": "C E Ab", "C5": "C G", "Csus": "C F G", "Csus2": "C D G",
    "C6": "C E G A", "Cm6": "C Eb G A", "C69": "C D E G A", "C6/9": "C D E G A",
    "C7": "C E G Bb", "Cm7": "C Eb G Bb", "Cmaj7": "C E G B", "CM7": "C E G B", "CΔ": "C E G B",
    "CmM7": "C Eb G B", "Cm(maj7)": "C Eb G B", "Cm7b5": "C Eb Gb Bb", "Cø": "C Eb Gb Bb",
    "Caug7": "C E Ab Bb", "C7sus4": "C F G Bb", "C9": "C D E G Bb", "Cm9": "C D Eb G Bb",
    "Cmaj9": "C D E G B", "C11": "C D E F G Bb", "C13": "C D E G A Bb", "C7b9": "C Db E G Bb",
    "C7b9#9": "C Db Eb E G Bb", "C7(b9, #11)": "C Db E Gb G Bb", "C13b9": "C Db E G A Bb",
    "C7#5": "C E Ab Bb", "Cadd9": "C D E G", "Cmadd11": "C Eb F G", "C7no3": "C G Bb",
    "C/G": "C E G", "C/Bb": "C E G Bb", "C♭": "B Eb Gb", "F♯m": "Gb A C#",
}  # fmt: skip


def pitch_classes(names: str) -> set[int]:
    spelled = {**{name: i for i, name in enumerate(ROOTS)}, "Db": 1}
    return {spelled[name] for name in names.split()}


@pytest.mark.parametrize(("symbol", "tones"), CHORDS.items())
def test_a_chord_has_the_tones_that_players_give_it(symbol: str, tones: str) -> None:
    assert chord(symbol) == pitch_classes(tones)


@given(
    st.sampled_from(ROOTS), st.sampled_from([s for s in CHORDS if "/" not in s and "♭" not in s])
)
def test_on_another_root_it_is_the_same_chord_moved(root: str, symbol: str) -> None:
    from_c = chord("C" + symbol[1:].removeprefix("♯"))
    assert chord(root + symbol[1:].removeprefix("♯")) == {
        (ROOTS.index(root) + tone) % 12 for tone in from_c
    }


@pytest.mark.parametrize("symbol", ["", "H", "am7", "Cm7/", "C7b7", "Cfoo", "N.C.", "C8"])
def test_what_is_no_chord_is_refused_with_examples(symbol: str) -> None:
    with pytest.raises(ValueError, match=r"no chord is called .* Am7"):
        chord(symbol)


@pytest.mark.parametrize(
    ("name", "tones"),
    [
        ("A minor", "A B C D E F G"),
        ("Am", "A B C D E F G"),
        ("Bb", "Bb C D Eb F G A"),
        ("F# dorian", "Gb Ab A B C# Eb E"),
        ("E♭  Blues", "Eb Gb Ab A Bb C#"),
        ("C pentatonic", "C D E G A"),
        ("E harmonic minor", "E Gb G A B C Eb"),
    ],
)
def test_a_scale_has_its_notes(name: str, tones: str) -> None:
    assert scale(name) == pitch_classes(tones)


@given(st.sampled_from(ROOTS), st.sampled_from(sorted(SCALES)))
def test_every_scale_stands_on_every_root(root: str, kind: str) -> None:
    steps = sorted((tone - ROOTS.index(root)) % 12 for tone in scale(f"{root} {kind}"))
    assert tuple(steps) == SCALES[kind]
    assert steps[0] == 0


@pytest.mark.parametrize("name", ["", "minor", "H minor", "C majr", "a minor"])
def test_what_is_no_scale_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(ValueError, match=r"no scale is called .* harmonic minor"):
        scale(name)
