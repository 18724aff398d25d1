"""The answer's turn: what it is asked to be, how it sounds, and all that ends it."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.engine.notes import Note, NoteOff, NoteOn
from antiphon.engine.protocol import Cancel, Listen, Notes, Rewind
from theatre import PEDAL, Theatre, asked


def test_the_pedal_stops_an_answer_and_asks_for_more_when_idle() -> None:
    t = Theatre()
    t.play(0, 60, 62)
    t.at(210, *PEDAL)
    t.engine.answers(Note(asked(t).start, 0, 67, 100, 80), done=False)
    t.at(400, *PEDAL)
    t.at(500, *PEDAL)

    assert t.answered() == [(220, "on", 1, 67), (400, "off", 1, 67)]
    assert t.states == ["listening", "answering", "idle", "answering"]


def test_a_key_interrupts_the_answer_and_the_engine_is_rewound_to_what_was_heard() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 450)
    start = asked(t).start
    t.engine.answers(
        Note(start, 0, 67, 100, 80), Note(start + 5, 0, 71, 3, 80), Note(start + 50, 0, 72, 5, 80)
    )
    t.at(1000, midi.note_on(0, 48, 90))
    t.at(1500)

    assert t.answered() == [
        (760, "on", 1, 67), (810, "on", 1, 71), (840, "off", 1, 71), (1000, "off", 1, 67)
    ]  # fmt: skip
    assert t.engine.told[-3:] == [
        Cancel(1), Rewind(1, 100), Listen(1, (NoteOn(100, 0, 48, 90),))
    ]  # fmt: skip
    assert t.states == ["listening", "answering", "listening"]


def test_releases_during_the_answer_do_not_end_it_and_are_told_after_it() -> None:
    t = Theatre()
    t.at(0, midi.note_on(0, 60, 80))
    t.at(100, *PEDAL)
    t.engine.answers(Note(asked(t).start, 0, 67, 20, 80))
    t.at(200, midi.note_off(0, 60))
    assert t.engine.heard_events() == [NoteOn(0, 0, 60, 80)]

    t.at(500)

    assert t.engine.heard_events() == [NoteOn(0, 0, 60, 80), NoteOff(20, 0, 60)]
    assert t.states == ["listening", "answering", "idle"]


def test_notes_of_an_older_generation_never_sound() -> None:
    t = Theatre()
    t.play(0, 60, 62)
    t.at(210, *PEDAL)
    stale = asked(t)
    t.at(300, midi.note_on(0, 48, 90))
    t.at(350, midi.note_off(0, 48), *PEDAL)
    start = asked(t).start
    t.engine.answers(Note(start, 0, 67, 5, 80))
    t.engine.replies.appendleft(Notes(1, stale.generation, (Note(start, 0, 99, 5, 80),)))
    t.at(600)

    assert [pitch for _, _, _, pitch in t.answered()] == [67, 67]


def test_the_answer_is_as_long_as_the_phrase_or_as_was_asked() -> None:
    lengths = []
    for beats in (None, 3):
        t = Theatre(Settings(answer_beats=beats))
        t.play(0, *[60, 62] * 16, step_ms=100)
        t.at(3210, *PEDAL)
        lengths.append(asked(t).until - asked(t).start)

    assert lengths == [322, 3 * 48]


def test_the_answer_plays_the_players_instruments_near_the_keys_heard() -> None:
    t = Theatre()
    t.at(0, midi.program(0, 40))
    t.play(10, 50, 60)
    t.at(300, *PEDAL)
    constraints = asked(t).constraints

    assert constraints is not None
    assert constraints.instruments == (5,)
    assert (constraints.lowest, constraints.highest) == (43, 67)


def test_every_note_on_of_the_answer_has_its_note_off_whatever_happens() -> None:
    t = Theatre()
    for i in range(12):
        base = 2000 * i
        t.play(base, 60, 64)
        t.at(base + 250, *PEDAL)
        start = asked(t).start
        notes = [Note(start + 7 * j, 0, 60 + j % 3, 30, 80) for j in range(10)]
        t.engine.answers(*notes, done=i % 2 == 0)
        t.at(base + 600 + 37 * i)
        if i % 3 == 0:
            t.engine.present = False
            t.at(base + 1200)
            t.engine.present = True
        t.at(base + 1900)
    t.stage.silence(t.now_ns)

    sounding: set[int] = set()
    for _, word, _, pitch in t.answered():
        assert (pitch in sounding) == (word == "off")
        sounding ^= {pitch}
    assert not sounding


def test_a_panic_ends_the_answer_and_nothing_of_it_sounds_again() -> None:
    t = Theatre()
    t.play(0, 60, 62)
    t.at(210, *PEDAL)
    start = asked(t).start
    t.engine.answers(Note(start, 0, 67, 100, 80), Note(start + 40, 0, 69, 9, 80), done=False)
    t.at(400)
    t.stage.silence(t.now_ns)
    t.engine.answers(Note(start + 50, 0, 71, 9, 80))
    t.at(2000)

    assert t.answered() == [(220, "on", 1, 67), (400, "off", 1, 67)]
    assert t.engine.told[-2:] == [Cancel(1), Rewind(1, 40)]
    assert t.states == ["listening", "answering", "idle"]

    t.engine.present = False
    t.at(2010)
    t.engine.present = True
    t.at(2020)
    heard = [e for e in t.engine.heard_events()[-6:] if isinstance(e, NoteOn)]
    assert [e.pitch for e in heard] == [60, 62, 67]


def test_an_answer_leaves_a_channel_that_the_player_takes() -> None:
    t = Theatre()
    t.play(0, 60)
    t.at(150, *PEDAL)
    start = asked(t).start
    t.engine.answers(Note(start, 0, 67, 10, 80), done=False)
    t.at(200, midi.program(1, 40))
    t.engine.answers(Note(start + 10, 0, 69, 10, 80))
    t.at(600)

    assert [(word, channel) for _, word, channel, _ in t.answered()] == [
        ("on", 1), ("off", 1), ("on", 2), ("off", 2)
    ]  # fmt: skip
    assert t.sent.index(midi.program(2, 0)) < t.sent.index(midi.note_on(2, 69, 80))


def test_more_of_the_same_is_as_long_as_the_phrase_however_late_it_is_asked_for() -> None:
    t = Theatre()
    t.play(0, *[60, 62] * 16)
    t.at(3210, *PEDAL)
    lengths = [asked(t).until - asked(t).start]
    for ms in (4000, 9000):
        t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
        t.at(ms, *PEDAL)
        lengths.append(asked(t).until - asked(t).start)

    assert lengths == [322, 322, 322]


def test_what_the_player_struck_in_the_tick_of_an_interruption_is_not_forgotten() -> None:
    t = Theatre()
    t.at(100, midi.note_on(0, 60, 80), *PEDAL)
    t.at(101, *PEDAL)

    assert t.engine.told[-2:] == [Cancel(1), Rewind(1, 11)]
