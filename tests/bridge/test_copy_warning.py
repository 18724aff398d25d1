"""An answer that repeats what the model learnt from: the player is told, once an answer."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.copy_warning import WARNING
from antiphon.engine.notes import Note
from antiphon.engine.protocol import Notes
from theatre import PEDAL, Theatre


def answered(t: Theatre, *copied: int) -> None:
    """A phrase, and an answer of a note for each message."""
    t.at(t.play(t.now_ns / 1e6 + 100, 60, 62, 64), *PEDAL)
    asked = t.engine.asked
    for number, notes_in_a_row in enumerate(copied):
        note = Note(asked.start + 12 * number, 0, 70, 6, 80)
        reply = Notes(1, asked.generation, (note,), copied=notes_in_a_row)
        t.engine.replies.append(reply)
        t.at(t.now_ns / 1e6 + 5)


def test_music_of_its_own_is_not_remarked_on() -> None:
    t = Theatre()
    answered(t, 0, 0, 0)

    assert t.sentences == []


def test_a_copy_is_told_once_an_answer_and_plays_on() -> None:
    t = Theatre()
    answered(t, 0, 32, 33)
    assert t.sentences == [WARNING]
    t.at(t.now_ns / 1e6 + 400)
    assert len([m for m in t.sent if midi.kind(m) == midi.NOTE_ON and midi.channel(m)]) >= 2

    answered(t, 35, 0)
    assert t.sentences == [WARNING, WARNING]
