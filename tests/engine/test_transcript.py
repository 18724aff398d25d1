"""The transcript, event by event, against encoding the finished notes at once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS, Event, Note, NoteOff, NoteOn, Pedal, events_of
from antiphon.engine.tokens import decode, encode
from antiphon.engine.transcript import Transcript
from music import notes_strategy


def heard(events: Sequence[Event]) -> Transcript:
    transcript = Transcript()
    for event in events:
        before = list(transcript.rows)
        changed = transcript.hear([event])
        assert transcript.rows[:changed] == before[:changed], "rows ahead of the change stand"
    return transcript


@given(notes_strategy())
def test_hearing_events_one_by_one_equals_encoding_the_notes_at_once(notes: list[Note]) -> None:
    transcript = heard(list(events_of(notes)))

    origin = min((n.onset for n in notes), default=0)
    assert transcript.rows == encode(notes, origin=origin)


@given(notes_strategy())
def test_every_prefix_of_the_events_decodes_to_the_notes_struck_so_far(notes: list[Note]) -> None:
    transcript = Transcript()
    struck = 0
    for event in events_of(notes):
        transcript.hear([event])
        struck += isinstance(event, NoteOn)
        assert len(decode(transcript.rows)) == struck


@given(notes_strategy())
def test_rewinding_forgets_what_was_struck_since_and_nothing_else(notes: list[Note]) -> None:
    events = list(events_of(notes))
    for cut in {n.onset for n in notes}:
        transcript = heard(events)
        changed = transcript.rewind(cut)
        kept = [n for n in heard(events).notes() if n.onset < cut]

        assert transcript.notes() == kept
        assert transcript.rows == encode(kept, origin=kept[0].onset if kept else 0)
        assert changed <= len(transcript.rows)


def test_a_key_still_down_has_a_provisional_length_until_it_goes_up() -> None:
    transcript = heard([NoteOn(10, 0, 60, 80)])
    assert transcript.notes() == [Note(10, 0, 60, 24, 80)]
    assert [e.note.pitch for e in transcript.open_entries()] == [60]

    transcript.hear([NoteOff(100, 0, 60)])

    assert transcript.notes() == [Note(10, 0, 60, 90, 80)]
    assert transcript.open_entries() == []


def test_the_pedal_holds_released_keys_until_it_goes_up() -> None:
    transcript = heard(
        [
            Pedal(0, 0, True), NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60), NoteOn(20, 0, 64, 80),
            NoteOff(30, 0, 64), Pedal(48, 0, False),
        ]
    )  # fmt: skip

    assert transcript.notes() == [Note(0, 0, 60, 48, 80), Note(20, 0, 64, 28, 80)]


def test_a_key_struck_again_under_the_pedal_ends_its_first_note() -> None:
    transcript = heard(
        [
            Pedal(0, 0, True), NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60), NoteOn(20, 0, 60, 80),
            NoteOff(30, 0, 60), Pedal(48, 0, False),
        ]
    )  # fmt: skip

    assert transcript.notes() == [Note(0, 0, 60, 20, 80), Note(20, 0, 60, 28, 80)]


def test_a_release_nobody_struck_changes_nothing() -> None:
    assert heard([NoteOff(5, 0, 60), NoteOn(6, DRUMS, 36, 90)]).notes()[0].pitch == 36


def test_what_the_model_plays_is_appended_and_cut_where_it_was_interrupted() -> None:
    transcript = heard([NoteOn(0, 0, 60, 80), NoteOff(24, 0, 60)])
    cursor = transcript.begin_playing()
    played = []
    for row in encode([Note(48, 0, 62, 48, 72), Note(96, 0, 64, 48, 72)], origin=0):
        played += transcript.play(cursor.advance(row.token, row.velocity))
    assert played == [Note(48, 0, 62, 48, 72), Note(96, 0, 64, 48, 72)]

    transcript.rewind(60)

    assert transcript.notes() == [Note(0, 0, 60, 24, 80), Note(48, 0, 62, 12, 72)]
    assert transcript.rows == encode(transcript.notes())


def test_waits_that_led_nowhere_are_dropped_when_the_player_goes_on() -> None:
    transcript = heard([NoteOn(0, 0, 60, 80), NoteOff(24, 0, 60)])
    cursor = transcript.begin_playing()
    for token in (row.token for row in encode([Note(48, 0, 62, 4, 72)])[:1]):
        transcript.play(cursor.advance(token))

    transcript.rewind(48)

    assert transcript.rows == encode(transcript.notes())


@given(notes_strategy())
def test_hearing_many_events_at_once_equals_hearing_them_one_by_one(notes: list[Note]) -> None:
    events = list(events_of(notes))
    at_once = Transcript()
    at_once.hear(events)

    assert at_once.rows == heard(events).rows
    assert at_once.notes() == heard(events).notes()


@given(notes_strategy(), st.randoms(use_true_random=False))
def test_strikes_that_come_late_end_in_the_same_place(notes: list[Note], random: Random) -> None:
    events = [e for e in events_of(notes) if isinstance(e, NoteOn)]
    late = list(events)
    random.shuffle(late)
    transcript = heard(late)

    assert [(n.onset, n.instrument, n.pitch) for n in transcript.notes()] == sorted(
        (e.tick, e.instrument, e.pitch) for e in events
    )
    assert transcript.rows == encode(transcript.notes(), origin=transcript.origin)
