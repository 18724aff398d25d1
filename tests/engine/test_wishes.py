"""Wishes that contradict themselves are refused at once, each with its reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from antiphon.engine import vocabulary as vocab
from antiphon.engine.harmony import ALL
from antiphon.engine.notes import DRUMS
from antiphon.engine.wishes import LENGTHS, VELOCITIES, Chord, Constraints, Range

EVERYBODY = tuple(range(DRUMS + 1))


def test_lengths_and_velocities_are_those_that_tokens_can_say() -> None:
    assert LENGTHS == vocab.TIMES
    assert list(VELOCITIES) == [vocab.bin_velocity(b) for b in range(vocab.VELOCITY_BINS)]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"instruments": tuple(range(11))}, "11 instruments are named, and at most 10"),
        ({"lowest": 61, "highest": 60}, "the lowest key, 61, is above the highest, 60"),
        ({"instruments": (0, 5), "never": (5,)}, "strings may play and may never play"),
        ({"never": EVERYBODY}, "no instrument is left to play"),
        ({"ranges": (Range(4, 28, 40), Range(4, 30, 50))}, "bass has two ranges"),
        (
            {"shortest": 97, "longest": 101},
            "no length lies within 97 and 101; next to it: 96 and 102",
        ),
        ({"shortest": 24, "longest": 12}, "the shortest length, 24, is above the longest, 12"),
        (
            {"softest": 73, "loudest": 87},
            "no velocity lies within 73 and 87; next to it: 72 and 88",
        ),
        ({"softest": 121}, "no velocity lies within 121 and 127; next to it: 120"),
        ({"softest": 9, "loudest": 8}, "the softest velocity, 9, is above the loudest, 8"),
        (
            {"scale": "C major", "lowest": 61, "highest": 61, "instruments": (0, 5)},
            "no key in the range of piano, strings",
        ),
        ({"scale": "C major", "ranges": (Range(4, 30, 30),), "instruments": (0, 4)}, "of bass"),
        ({"scale": "C major", "lowest": 61, "highest": 61, "never": (DRUMS,)}, "no key in the"),
        ({"scale": "C major", "lowest": 61, "highest": 61}, "no key in the range"),
        (
            {"chords": (Chord("C"), Chord("F#")), "instruments": (0,), "highest": 0},
            "chord 2 has no tone in the range of any instrument",
        ),
        ({"scale": "H minor"}, "no scale is called 'H minor'"),
    ],
)
def test_a_contradiction_is_refused_with_its_reason(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Constraints(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"instruments": tuple(range(10))},
        {"instruments": (0,) * 20},
        {"never": tuple(range(DRUMS))},
        {"scale": "C major", "lowest": 61, "highest": 61, "instruments": (DRUMS,)},
        {"scale": "C major", "ranges": (Range(4, 30, 30),)},
        {"chords": (Chord("C"), Chord("F#")), "instruments": (0, DRUMS), "highest": 0},
        {"ranges": (Range(4, 28, 40),), "instruments": (0,)},
        {"scale": (0,), "lowest": 61, "highest": 72, "instruments": (0,)},
        {"shortest": 192, "longest": 192},
        {"softest": 72, "loudest": 72},
    ],
)
def test_what_is_only_narrow_is_not_refused(options: dict[str, Any]) -> None:
    assert Constraints(**options)


def test_a_range_and_a_chord_must_hold_something() -> None:
    with pytest.raises(ValueError, match="the lowest key of bass, 41, is above the highest, 40"):
        Range(4, 41, 40)
    with pytest.raises(ValueError, match="a chord has no tones"):
        Chord(())
    with pytest.raises(ValueError, match="no chord is called 'H7'"):
        Chord("H7")


def test_whoever_has_keys_of_its_own_keeps_to_them_and_drums_to_all() -> None:
    wishes = Constraints(lowest=48, highest=84, ranges=(Range(4, 28, 52),))

    assert wishes.keys(4) == range(28, 53)
    assert wishes.keys(0) == range(48, 85)
    assert wishes.keys(DRUMS) == range(128)
    assert Constraints(ranges=(Range(DRUMS, 35, 59),)).keys(DRUMS) == range(35, 60)


def test_players_are_those_named_or_all_but_those_who_never_play() -> None:
    assert Constraints(instruments=(5, 0, 5)).players == (0, 5)
    assert Constraints(never=(0, 16)).players == tuple(range(1, 16))


def test_between_the_beats_a_scale_joins_the_chords() -> None:
    c, both = frozenset({0, 4, 7}), frozenset({0, 2, 4, 7})
    two = frozenset({0, 2})
    chords = (Chord("C"),)

    assert Constraints().harmonies() == [(ALL, ALL)]
    assert Constraints(scale=(0, 2)).harmonies() == [(two, two)]
    assert Constraints(chords=chords).harmonies() == [(c, c)]
    assert Constraints(chords=chords, scale=(0, 2)).harmonies() == [(c, both)]


def test_on_the_wire_names_and_pitch_classes_are_read_and_nonsense_is_refused() -> None:
    def read(**fields: Any) -> Constraints:
        return msgspec.msgpack.decode(msgspec.msgpack.encode(fields), type=Constraints)

    chords = [{"tones": "Am7"}, {"tones": [0, 4, 7], "bars": 0.5}]
    assert read(scale="A minor", chords=chords) == Constraints(
        scale="A minor", chords=(Chord("Am7"), Chord((0, 4, 7), 0.5))
    )
    refused: tuple[dict[str, Any], ...] = (
        {"scale": "H"}, {"scale": [12]}, {"chords": [{"tones": []}]}, {"chords": ["Am7"]},
        {"never": [17]}, {"shortest": 0}, {"longest": 769},
        {"ranges": [{"instrument": 0, "lowest": 60, "highest": 59}]},
    )  # fmt: skip
    for nonsense in refused:
        with pytest.raises(msgspec.ValidationError):
            read(**nonsense)
