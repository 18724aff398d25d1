"""Answers of the engine, in this process."""

from __future__ import annotations

from hypothesis import given

from antiphon.engine.notes import Note
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.wishes import Feel
from antiphon.export.audition.conversation import Player, notes_of, played, table_of
from bundles import tiny_model
from music import notes_strategy
from pieces import table

HEARD = table([60, 62, 64, 65, 67])
REQUEST = Answer(1, 1, 120, 300)


@given(notes_strategy())
def test_a_table_holds_notes_as_they_are(notes: list[Note]) -> None:
    assert notes_of(table_of(notes)) == notes


def test_an_answer_is_what_was_asked_for_and_the_same_each_time() -> None:
    notes, reason = played(tiny_model(), HEARD, Open(1, 5), REQUEST)

    assert reason == "until"
    assert len(notes)
    assert notes[:, 0].min() >= 120
    assert notes[:, 0].max() < 300
    again, other = (played(tiny_model(), HEARD, Open(1, seed), REQUEST).notes for seed in (5, 6))
    assert again.tolist() == notes.tolist()
    assert other.tolist() != notes.tolist()  # hundreds of draws: never by chance


def test_a_player_plays_with_its_own_feel_and_counts_its_answers() -> None:
    counted: list[int] = []
    stiff = Player(tiny_model(), Feel(temperature=0), lambda: counted.append(1))
    one, other = (stiff.answer(Open(1, seed), REQUEST, HEARD).notes for seed in (1, 2))

    # Only velocities and notes are drawn, and nothing is by chance: seeds do not matter.
    assert one.tolist() == other.tolist()
    assert len(counted) == 2
