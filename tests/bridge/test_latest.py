"""The last bars or seconds of what was played and answered."""

from __future__ import annotations

import pytest

from antiphon.bridge import midi
from antiphon.bridge.latest import Length, latest
from antiphon.bridge.recording import ANSWER, PLAYER, Recording
from antiphon.bridge.timeline import Timeline
from antiphon.engine.errors import UserError
from antiphon.engine.notes import Note, Pedal

BEAT = 48
NS = 500_000_000
"""A beat at 120 bpm."""


def recorded() -> Recording:
    """Sixteen beats of the player's from beat 3 on, then eight of the answer's, a note a beat."""
    recording = Recording(Timeline.at(120, 0))
    recording.answers_on(1, 0)
    recording.played(4 * NS, midi.control(0, midi.SUSTAIN, 127))
    for beat in range(3, 19):
        recording.played(beat * NS, midi.note_on(0, 60, 80))
        recording.played((beat + 1) * NS, midi.note_off(0, 60))
    for beat in range(19, 27):
        recording.sounded(beat * NS, midi.note_on(1, 67, 80))
        recording.sounded((beat + 1) * NS, midi.note_off(1, 67))
    return recording


def onsets(recording: Recording) -> dict[str, list[float]]:
    return {part: [n.onset / BEAT for n in notes] for part, notes in recording.tracks().items()}


def test_bars_are_whole_and_begin_the_file() -> None:
    three = latest(recorded(), Length.parse("3bars"), (4, 4))

    assert onsets(three) == {PLAYER: [0, 1, 2], ANSWER: [3, 4, 5, 6, 7, 8, 9, 10]}
    assert three.pedals_from_start() == [Pedal(0, 0, True)]
    assert onsets(latest(recorded(), Length.parse("1 bar"), (3, 4))) == {
        PLAYER: [], ANSWER: [0, 1, 2]
    }  # fmt: skip


def test_more_bars_than_there_are_begin_with_the_bar_of_the_first_note() -> None:
    assert onsets(latest(recorded(), Length.parse("99bars"), (4, 4)))[PLAYER][:3] == [3, 4, 5]


def test_seconds_are_counted_from_the_last_notes_end() -> None:
    assert onsets(latest(recorded(), Length.parse("5s"), (4, 4))) == {
        PLAYER: [0, 1], ANSWER: [2, 3, 4, 5, 6, 7, 8, 9]
    }  # fmt: skip
    assert onsets(latest(recorded(), Length.parse("900s"), (4, 4)))[PLAYER][:2] == [0, 1]


def test_all_is_as_it_was() -> None:
    recording = recorded()

    assert latest(recording, Length.parse("all"), (4, 4)) is recording


def test_a_key_that_is_still_held_lasts_until_now() -> None:
    recording = recorded()
    recording.played(28 * NS, midi.note_on(0, 72, 80))
    recording.played(30 * NS, midi.control(0, 1, 1))

    assert latest(recording, Length(4, "s"), (4, 4)).tracks()[PLAYER] == [
        Note(6 * BEAT, 0, 72, 2 * BEAT, 80)
    ]


@pytest.mark.parametrize("text", ["", "16", "0bars", "-1s", "1.5bars", "8beats", "10000000s"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="16bars, 30s or all"):
        Length.parse(text)
