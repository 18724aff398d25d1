"""Conversations on a stage without devices: what is played in, told, and heard, as whole lists."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.engine.notes import Note, NoteOff, NoteOn
from antiphon.engine.protocol import Answer, Cancel, Listen, Notes, Rewind
from theatre import Theatre

PEDAL = midi.control(0, midi.SOFT, 127), midi.control(0, midi.SOFT, 0)


def asked(theatre: Theatre) -> Answer:
    return theatre.engine.asked


def test_the_players_keys_pass_through_at_once_and_the_engine_hears_them() -> None:
    t = Theatre()
    t.play(50, 60, 64)

    assert t.out == [
        (50, "on", 0, 60),
        (150, "off", 0, 60),
        (150, "on", 0, 64),
        (250, "off", 0, 64),
    ]
    assert t.engine.heard_events() == [
        NoteOn(5, 0, 60, 80), NoteOff(15, 0, 60), NoteOn(15, 0, 64, 80), NoteOff(25, 0, 64)
    ]  # fmt: skip


def test_silence_hands_over_and_the_answer_sounds_when_it_is_due() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 449)
    assert t.states == ["listening"]

    t.at(end + 450)
    start = asked(t).start
    t.engine.answers(Note(start, 0, 67, 10, 80), Note(start + 20, 0, 69, 5, 80))
    t.at(end + 1000)

    assert asked(t).start == 76  # the tick after the one in which the phrase was over
    assert t.answered() == [
        (760, "on", 1, 67), (860, "off", 1, 67), (960, "on", 1, 69), (1010, "off", 1, 69)
    ]  # fmt: skip
    assert t.states == ["listening", "answering", "idle"]


def test_a_slow_player_is_given_more_time() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64, step_ms=500)
    t.at(end + 490)
    assert t.states == ["listening"]

    t.at(end + 510)
    assert t.states == ["listening", "answering"]


def test_the_phrase_is_not_over_while_a_key_is_held() -> None:
    t = Theatre()
    t.at(0, midi.note_on(0, 60, 80))
    t.at(5000)

    assert t.states == ["listening"]


def test_the_pedal_hands_over_at_once_even_with_a_key_held() -> None:
    t = Theatre()
    t.at(0, midi.note_on(0, 60, 80))
    t.at(100, *PEDAL)

    assert t.states == ["listening", "answering"]
    assert asked(t).start == 11


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
    t.at(200, midi.note_off(0, 60))
    assert t.engine.heard_events() == [NoteOn(0, 0, 60, 80)]

    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
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


def test_a_lost_engine_leaves_nothing_sounding_and_the_answer_goes_on_when_it_is_back() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 450)
    start, until = asked(t).start, asked(t).until
    t.engine.answers(Note(start, 0, 67, 100, 80), done=False)
    t.at(900)
    t.engine.present = False
    t.at(901)
    assert t.answered() == [(760, "on", 1, 67), (901, "off", 1, 67)]

    t.engine.told.clear()
    t.engine.present = True
    t.at(1000)

    assert len(t.engine.openings()) == 1
    assert t.engine.heard_events()[-2:] == [NoteOn(start, 0, 67, 80), NoteOff(90, 0, 67)]
    assert (asked(t).start, asked(t).until) == (92, until)  # a lead's 8 ms after it came back
    assert t.states == ["listening", "answering", "recovering", "answering"]


def test_thru_goes_on_while_the_engine_is_gone() -> None:
    t = Theatre()
    t.engine.present = False
    t.play(50, 60)

    assert t.out == [(50, "on", 0, 60), (150, "off", 0, 60)]


def test_what_was_played_while_the_engine_was_gone_is_told_when_it_is_back() -> None:
    t = Theatre()
    t.engine.present = False
    t.play(50, 60)
    t.engine.present = True
    t.at(160)

    assert t.engine.heard_events() == [NoteOn(5, 0, 60, 80), NoteOff(15, 0, 60)]


def test_a_phrase_that_ends_while_the_engine_is_gone_is_answered_when_it_is_back() -> None:
    t = Theatre()
    t.engine.present = False
    end = t.play(50, 60, 62)
    t.at(end + 500)
    assert t.states == ["listening", "answering", "recovering"]

    t.engine.present = True
    t.at(end + 600)

    assert t.states == ["listening", "answering", "recovering", "answering"]


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


def test_the_answer_is_prepared_before_the_phrase_is_over_and_sounds_on_time() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 260)
    assert asked(t).start == 76
    assert t.states == ["listening"]

    t.engine.answers(Note(76, 0, 67, 10, 80))
    t.at(end + 600)

    assert t.answered() == [(760, "on", 1, 67), (860, "off", 1, 67)]
    assert t.states == ["listening", "answering", "idle"]


def test_a_prepared_answer_is_thrown_away_when_the_phrase_goes_on() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 300)
    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
    t.at(end + 350, midi.note_on(0, 65, 80))
    t.at(end + 2000)

    assert t.answered() == []
    assert t.engine.told[-3:] == [
        Cancel(1), Rewind(1, 76), Listen(1, (NoteOn(65, 0, 65, 80),))
    ]  # fmt: skip
    assert t.states == ["listening"]


def test_an_engine_too_far_behind_to_be_told_is_greeted_anew_and_told_everything() -> None:
    t = Theatre()
    t.play(0, 60)
    t.engine.full = True
    t.play(150, 62)
    assert t.engine.renewed

    t.engine.told.clear()
    t.engine.present = True
    t.at(300)

    assert len(t.engine.openings()) == 1
    assert [e.pitch for e in t.engine.heard_events() if isinstance(e, NoteOn)] == [60, 62]
