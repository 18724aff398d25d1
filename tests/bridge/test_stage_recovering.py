"""The engine gone, behind or broken: nothing sounds on, nothing heard is lost, answers go on."""

from __future__ import annotations

import pytest

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.bridge.history import LATEST
from antiphon.engine.notes import Note, NoteOff, NoteOn, Pedal
from antiphon.engine.protocol import Answer
from theatre import PEDAL, Theatre, asked


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


@pytest.mark.parametrize("code", ["internal", "unknown-session"])
def test_a_session_that_the_engine_has_ended_is_opened_anew_and_its_answer_goes_on(
    code: str,
) -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 450)
    start, until = asked(t).start, asked(t).until
    t.engine.answers(Note(start, 0, 67, 100, 80), done=False)
    t.at(900)
    t.engine.fails(code)
    t.at(903)
    assert t.troubles == [f"{code} it was"]
    assert t.answered() == [(760, "on", 1, 67), (902, "off", 1, 67)]

    t.engine.told.clear()
    t.engine.present = True
    t.at(1000)

    assert len(t.engine.openings()) == 1
    assert asked(t).until == until
    assert t.states == ["listening", "answering", "recovering", "answering"]


def test_an_engine_that_always_fails_is_begun_anew_once_a_second_at_most() -> None:
    t = Theatre(Settings(answer_beats=64))
    t.play(0, 60)
    t.at(150, *PEDAL)
    for ms in range(200, 3000, 20):
        t.engine.present = True
        t.engine.fails("internal")
        t.at(ms)

    assert len(t.engine.renewed) == 3
    gaps = [b - a for a, b in zip(t.engine.renewed, t.engine.renewed[1:], strict=False)]
    assert min(gaps) >= 1000


def test_a_panic_while_the_engine_is_gone_ends_the_answer_for_good() -> None:
    t = Theatre()
    t.play(0, 60, 62)
    t.at(210, *PEDAL)
    t.engine.answers(Note(asked(t).start, 0, 67, 100, 80), done=False)
    t.at(300)
    t.engine.present = False
    t.at(310)
    t.stage.silence(t.now_ns)
    t.engine.told.clear()
    t.engine.present = True
    t.at(1000)

    assert [r for r in t.engine.told if isinstance(r, Answer)] == []
    assert t.states == ["listening", "answering", "recovering", "idle"]


def test_a_panic_releases_what_sounds_when_the_engine_has_just_gone() -> None:
    t = Theatre()
    t.play(0, 60, 62)
    t.at(210, *PEDAL)
    t.engine.answers(Note(asked(t).start, 0, 67, 100, 80), done=False)
    t.at(300)
    t.engine.present = False
    t.stage.silence(t.now_ns)

    assert t.answered() == [(220, "on", 1, 67), (300, "off", 1, 67)]


def test_an_engine_that_comes_back_is_told_the_latest_events_only() -> None:
    t = Theatre(Settings(takes_turns=False))
    for i in range(LATEST + 500):
        t.at(i, midi.note_on(0, 60, 80), midi.note_off(0, 60))
    t.engine.present = False
    t.at(t.now_ns / 1e6 + 1)
    t.engine.told.clear()
    t.engine.present = True
    t.at(t.now_ns / 1e6 + 1)

    told = t.engine.heard_events()
    assert len(told) == LATEST
    assert told[-1] == NoteOff((LATEST + 499) // 10, 0, 60)


def test_what_happened_during_an_answer_is_told_when_its_engine_comes_back_too_late() -> None:
    t = Theatre(Settings(answer_beats=2))
    t.at(0, midi.note_on(0, 60, 80))
    t.at(100, *PEDAL)
    t.at(200, midi.note_off(0, 60))
    t.engine.present = False
    t.at(300)
    t.engine.told.clear()
    t.engine.present = True
    t.at(900)
    assert asked(t).until == 107

    t.engine.present = False
    t.at(910, midi.control(0, midi.SUSTAIN, 127))
    t.at(2000)
    t.engine.told.clear()
    t.engine.present = True
    t.at(2010)

    assert t.engine.heard_events() == [
        NoteOn(0, 0, 60, 80), NoteOff(20, 0, 60), Pedal(91, 0, True)
    ]  # fmt: skip
    assert t.states[-2:] == ["recovering", "idle"]
