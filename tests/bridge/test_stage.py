"""Conversations on a stage without devices: what is played in, told, and heard, as whole lists."""

from __future__ import annotations

import pytest

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.bridge.session import HISTORY_EVENTS
from antiphon.engine.notes import Note, NoteOff, NoteOn, Pedal
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


def test_a_panic_throws_a_prepared_answer_away() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 300)
    t.engine.answers(Note(asked(t).start, 0, 67, 10, 80))
    t.at(end + 310)
    t.stage.silence(t.now_ns)
    t.at(end + 2000)

    assert t.answered() == []
    assert t.engine.told[-2:] == [Cancel(1), Rewind(1, 76)]
    assert t.states == ["listening", "idle"]


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


def test_before_the_first_key_the_engine_is_told_of_no_instrument_that_nobody_chose() -> None:
    chosen = [Theatre(Settings(instruments=i)).engine.openings()[0] for i in ((), (4, 5))]

    assert [opened.constraints.instruments for opened in chosen] == [(), (4, 5)]


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


def test_a_half_pedal_is_heard_only_when_it_goes_up_or_down_and_passes_thru_always() -> None:
    t = Theatre()
    values = [0, 30, 70, 90, 127, 100, 60, 10, 0]
    for i, value in enumerate(values):
        t.at(10 * i, midi.control(0, midi.SUSTAIN, value))

    assert t.engine.heard_events() == [Pedal(2, 0, True), Pedal(6, 0, False)]
    assert t.sent == [midi.control(0, midi.SUSTAIN, value) for value in values]


def test_an_engine_that_comes_back_is_told_the_latest_events_only() -> None:
    t = Theatre(Settings(takes_turns=False))
    for i in range(HISTORY_EVENTS + 500):
        t.at(i, midi.note_on(0, 60, 80), midi.note_off(0, 60))
    t.engine.present = False
    t.at(t.now_ns / 1e6 + 1)
    t.engine.told.clear()
    t.engine.present = True
    t.at(t.now_ns / 1e6 + 1)

    told = t.engine.heard_events()
    assert len(told) == HISTORY_EVENTS
    assert told[-1] == NoteOff((HISTORY_EVENTS + 499) // 10, 0, 60)


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


def test_what_the_player_struck_in_the_tick_of_an_interruption_is_not_forgotten() -> None:
    t = Theatre()
    t.at(100, midi.note_on(0, 60, 80), *PEDAL)
    t.at(101, *PEDAL)

    assert t.engine.told[-2:] == [Cancel(1), Rewind(1, 11)]


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
