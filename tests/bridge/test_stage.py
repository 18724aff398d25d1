"""Conversations on a stage without devices: what is played in, told, and heard, as whole lists.

Here the player's turn: keys pass through, the engine hears them, silence or a pedal hands over.
"""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.engine.notes import Note, NoteOff, NoteOn, Pedal
from theatre import PEDAL, Theatre, asked


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


def test_before_the_first_key_the_engine_is_told_of_no_instrument_that_nobody_chose() -> None:
    chosen = [Theatre(Settings(instruments=i)).engine.openings()[0] for i in ((), (4, 5))]

    assert [opened.constraints.instruments for opened in chosen] == [(), (4, 5)]


def test_a_half_pedal_is_heard_only_when_it_goes_up_or_down_and_passes_thru_always() -> None:
    t = Theatre()
    values = [0, 30, 70, 90, 127, 100, 60, 10, 0]
    for i, value in enumerate(values):
        t.at(10 * i, midi.control(0, midi.SUSTAIN, value))

    assert t.engine.heard_events() == [Pedal(2, 0, True), Pedal(6, 0, False)]
    assert t.sent == [midi.control(0, midi.SUSTAIN, value) for value in values]
