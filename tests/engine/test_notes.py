"""The nouns of music: overlaps are cut, and every strike has its release."""

from __future__ import annotations

import pytest
from hypothesis import given

from antiphon.engine.notes import (
    DRUMS,
    INSTRUMENTS,
    Note,
    NoteOff,
    NoteOn,
    events_of,
    family,
    shortened,
    without_overlaps,
)
from music import notes_strategy


def obvious_cut(notes: list[Note]) -> list[Note]:
    """The first of each onset and key, cut where the same key is struck next: slow and plain."""
    kept: dict[tuple[int, int, int], Note] = {}
    for note in notes:
        kept.setdefault((note.onset, note.instrument, note.pitch), note)
    result = []
    for (onset, instrument, pitch), note in sorted(kept.items()):
        later = [o for o, i, p in kept if (i, p) == (instrument, pitch) and o > onset]
        result.append(shortened(note, min([note.end, *later])))
    return result


@given(notes_strategy())
def test_overlaps_of_a_key_are_cut_as_the_slow_way_does(notes: list[Note]) -> None:
    assert without_overlaps(notes) == obvious_cut(notes)


@given(notes_strategy())
def test_cutting_twice_changes_nothing(notes: list[Note]) -> None:
    once = without_overlaps(notes)
    assert without_overlaps(once) == once


@given(notes_strategy())
def test_events_say_every_note_and_nothing_else(notes: list[Note]) -> None:
    down: dict[tuple[int, int], NoteOn] = {}
    heard = []
    for event in events_of(notes):
        key = event.instrument, event.pitch
        if isinstance(event, NoteOn):
            assert key not in down
            down[key] = event
        else:
            struck = down.pop(key)
            length = event.tick - struck.tick
            heard.append(Note(struck.tick, *key, length, struck.velocity))
    assert down == {}
    assert sorted(heard) == without_overlaps(notes)


@given(notes_strategy())
def test_events_are_in_order_of_time_releases_first(notes: list[Note]) -> None:
    order = [(event.tick, isinstance(event, NoteOn)) for event in events_of(notes)]
    assert order == sorted(order)


def test_a_repeated_key_is_released_before_it_is_struck_again() -> None:
    assert events_of([Note(0, 0, 60, 50, 80), Note(24, 0, 60, 10, 90)]) == [
        NoteOn(0, 0, 60, 80),
        NoteOff(24, 0, 60),
        NoteOn(24, 0, 60, 90),
        NoteOff(34, 0, 60),
    ]


def test_of_two_notes_on_one_key_at_once_the_first_given_wins() -> None:
    assert without_overlaps([Note(0, 0, 60, 5, 80), Note(0, 0, 60, 50, 90)]) == [
        Note(0, 0, 60, 5, 80)
    ]


@pytest.mark.parametrize(("end", "length"), [(30, 20), (11, 1), (10, 1), (0, 1)])
def test_a_shortened_note_keeps_at_least_a_tick(end: int, length: int) -> None:
    assert shortened(Note(10, 0, 60, 100, 80), end) == Note(10, 0, 60, length, 80)


def test_programs_fall_into_their_family_and_channel_ten_is_drums() -> None:
    assert [INSTRUMENTS[family(p)] for p in (0, 7, 8, 33, 127)] == [
        "piano", "piano", "chromatic", "bass", "sfx",
    ]  # fmt: skip
    assert family(0, channel=9) == DRUMS
