"""What was played and answered, written down from the messages that went by."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.recording import ANSWER, PLAYER, Recording
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note, Pedal

MS = 1_000_000


def recorded() -> Recording:
    """An answer from nothing at tick 100, and a phrase with the pedal down at tick 200."""
    recording = Recording(Timeline.at(125, 0))  # a tick is 10 ms
    recording.answers_on(1, 0)
    recording.sounded(1000 * MS, midi.note_on(1, 67, 80))
    recording.sounded(1500 * MS, midi.note_off(1, 67))
    recording.played(2000 * MS, midi.note_on(0, 60, 80))
    recording.played(2000 * MS, midi.control(0, midi.SUSTAIN, 127))
    recording.played(2100 * MS, midi.note_off(0, 60))
    recording.played(2400 * MS, midi.control(0, midi.SUSTAIN, 0))
    return recording


def test_both_sides_begin_with_the_first_note_of_all() -> None:
    assert recorded().tracks() == {
        PLAYER: [Note(100, 0, 60, 10, 80)], ANSWER: [Note(0, 0, 67, 50, 80)]
    }  # fmt: skip


def test_the_pedal_lies_under_the_notes_it_was_pressed_with() -> None:
    assert recorded().pedals_from_start() == [Pedal(100, 0, True), Pedal(140, 0, False)]
