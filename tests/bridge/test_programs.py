"""Instruments as they are written on a command line: families, and sounds of General MIDI."""

from __future__ import annotations

import pytest

from antiphon.bridge.programs import PROGRAMS, Players, parse
from antiphon.engine.errors import UserError
from antiphon.engine.notes import DRUMS, INSTRUMENTS


def test_families_are_called_as_everywhere() -> None:
    asked = parse(", ".join(reversed(INSTRUMENTS[-10:])))

    assert asked == Players(tuple(range(DRUMS, DRUMS - 10, -1)))


def test_a_sound_answers_as_its_family_and_keeps_its_program() -> None:
    assert parse("Piano, violin,drums,Trumpet") == Players((0, 5, DRUMS, 7), (40, 56))


def test_every_sound_of_general_midi_has_one_name_and_no_familys() -> None:
    assert len({*PROGRAMS}) == 128
    assert not {*PROGRAMS} & {*INSTRUMENTS}
    assert [parse(name).instruments for name in PROGRAMS] == [(p // 8,) for p in range(128)]
    known = {0: "acoustic grand piano", 24: "nylon guitar", 48: "string ensemble 1", 73: "flute"}
    assert {p: PROGRAMS[p] for p in known} == known


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("piano,kazoo", "'kazoo'"),
        ("violin,cello", "both strings"),
        ("violin,strings", "both strings"),
        (",".join(INSTRUMENTS[:11]), "At most 10"),
        ("piano,", "''"),
    ],
)
def test_what_cannot_play_is_refused_in_one_sentence(text: str, word: str) -> None:
    with pytest.raises(UserError, match=word):
        parse(text)


def test_one_named_twice_plays_once() -> None:
    assert parse("piano,piano") == Players((0,))
