"""Answers that are made before the phrase is over: they sound on time, or never."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.actions import Action
from antiphon.bridge.turns import LONGEST_WAIT_NS
from antiphon.engine.notes import Note, NoteOn
from antiphon.engine.protocol import Cancel, Listen, Rewind
from theatre import MS, Theatre, asked


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


def test_a_note_off_that_never_comes_keeps_one_answer_waiting_and_no_other() -> None:
    t = Theatre()
    end = t.play(0, 60, 62)
    t.at(end, midi.note_on(0, 64, 80))
    t.at(end + 9700)
    assert t.states == ["listening"]
    t.at(end + 9900)
    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
    t.at(end + 10_500)
    assert t.states == ["listening", "answering", "idle"]

    end = t.play(end + 11_000, 60, 62, 65)
    t.at(end + LONGEST_WAIT_NS // MS)
    assert t.states[-2:] == ["listening", "answering"]


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


def test_a_panic_throws_a_prepared_answer_away() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 300)
    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
    t.at(end + 310)
    t.stage.act(t.now_ns, Action.PANIC)
    t.at(end + 2000)

    assert t.answered() == []
    assert t.engine.told[-2:] == [Cancel(1), Rewind(1, 76)]
    assert t.states == ["listening", "idle"]


def test_an_engine_that_comes_just_before_the_phrase_is_over_answers_it() -> None:
    for ms in (300, 450):
        t = Theatre()
        t.engine.present = False
        end = t.play(0, 60, 62, 64)
        t.at(end + ms)
        t.engine.present = True
        t.at(end + 500)

        assert t.states[-1] == "answering"
        assert t.engine.told.count(asked(t)) == 1
        t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
        t.at(end + 1000)
        assert t.states[-1] == "idle"


def test_a_loop_that_overslept_keeps_nothing_of_an_answer_that_was_only_prepared() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 440)
    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
    t.at(end + 445)
    t.now_ns += 60_000_000
    t.at(end + 505, midi.note_on(0, 65, 80))
    assert t.engine.told[-3:] == [
        Cancel(1), Rewind(1, 76), Listen(1, (NoteOn(80, 0, 65, 80),))
    ]  # fmt: skip

    t.engine.present = False
    t.at(end + 510)
    t.engine.present = True
    t.at(end + 520)
    again = t.engine.heard_events()[-7:]
    assert [e.pitch for e in again if isinstance(e, NoteOn)] == [60, 62, 64, 65]
