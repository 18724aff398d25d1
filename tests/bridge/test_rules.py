"""Rules as a player writes them, and what becomes of them beside the keys that were heard."""

from __future__ import annotations

import pytest

from antiphon.bridge import rules
from antiphon.engine.errors import UserError
from antiphon.engine.notes import DRUMS
from antiphon.engine.wishes import Chord, Constraints, Range

PIANO, BASS = 0, 4


def test_nothing_asked_for_is_no_rule() -> None:
    assert rules.parse() == Constraints()


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("C3-C6", 48, 84),
        ("48-84", 48, 84),
        ("f#3-Bb4", 54, 70),
        ("C0 - G9", 12, 127),
        ("60-60", 60, 60),
    ],
)
def test_a_range_is_two_keys_by_name_or_number(text: str, lowest: int, highest: int) -> None:
    assert rules.parse(ranges=[text]) == Constraints(lowest=lowest, highest=highest)


def test_instruments_may_have_ranges_of_their_own() -> None:
    found = rules.parse(ranges=["bass:E1-G3", "C4-C6", "piano:60-72"])

    assert found == Constraints(
        lowest=60, highest=84, ranges=(Range(BASS, 28, 55), Range(PIANO, 60, 72))
    )


@pytest.mark.parametrize(
    ("text", "chords"),
    [
        ("Am7 F G E7", [("Am7", 1), ("F", 1), ("G", 1), ("E7", 1)]),
        ("Am7 | F/C G | E7", [("Am7", 1), ("F/C", 0.5), ("G", 0.5), ("E7", 1)]),
        ("| C |", [("C", 1)]),
    ],
)
def test_chords_are_written_bar_by_bar(text: str, chords: list[tuple[str, float]]) -> None:
    assert rules.parse(chords=text).chords == tuple(Chord(name, bars) for name, bars in chords)


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ({"ranges": ["C4"]}, "'C4' is no range; one reads"),
        ({"ranges": ["H3-C4"]}, "'H3' is no key"),
        ({"ranges": ["C4-C3"]}, "above the"),
        ({"ranges": ["100-200"]}, "beyond the keys of MIDI"),
        ({"ranges": ["kazoo:C3-C4"]}, "kazoo"),
        ({"ranges": ["bass:C4-C3"]}, "above the"),
        ({"ranges": [""]}, "is no range"),
        ({"scale": "A foo"}, "no scale is called"),
        ({"chords": "Am | | C"}, "a bar has no chord"),
        ({"chords": "Zm"}, "cannot be kept"),
        ({"chords": "|"}, "a bar has no chord"),
        ({"never": "kazoo"}, "kazoo"),
        ({"scale": "C major", "ranges": ["F#4-F#4"]}, "leave no key"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(asked: dict[str, str], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        rules.parse(**asked)  # type: ignore[arg-type]


def test_rules_are_fitted_to_the_players_and_the_keys_they_use() -> None:
    asked = rules.parse(scale="A minor", never="drums")

    fitted = rules.fitted(asked, [BASS, DRUMS, PIANO], (50, 62))

    assert (fitted.instruments, fitted.lowest, fitted.highest) == ((PIANO, BASS), 50, 62)
    assert fitted.scale == "A minor"


def test_a_range_that_was_asked_for_goes_before_the_keys_that_were_heard() -> None:
    asked = rules.parse(ranges=["C5-C6"])

    assert rules.fitted(asked, [PIANO], (50, 62)).lowest == 72


def test_scale_and_chords_go_before_the_keys_that_were_heard() -> None:
    asked = rules.parse(chords="C")

    assert rules.fitted(asked, [PIANO], (61, 63)) == Constraints((PIANO,), chords=(Chord("C"),))


def test_if_only_those_who_may_never_play_were_heard_anyone_else_may() -> None:
    assert rules.fitted(rules.parse(never="piano"), [PIANO]).instruments == ()
