"""Pedals, pads and dials: what is bound does something and is not played."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.actions import Action, Dial
from antiphon.bridge.bindings import ACTIONS as BOUND
from antiphon.bridge.clock import ManualClock
from antiphon.bridge.config import Settings
from antiphon.bridge.hand import ACTIONS, DIALS, LEARN, LETTERS, Hands
from antiphon.engine.notes import Note
from theatre import MS, Theatre, asked

S = 1_000_000_000
PAD = midi.note_on(9, 36, 100), midi.note_off(9, 36)


def bound(**table: str) -> Theatre:
    return Theatre(Settings(bound=tuple(table.items())))


def test_everything_that_can_be_bound_has_a_letter_of_its_own() -> None:
    assert set(BOUND) <= set(LETTERS)
    assert set(ACTIONS.values()) == set(Action)
    assert set(DIALS.values()) == set(Dial)
    assert not set(ACTIONS) & set(DIALS)


def test_a_pad_asks_for_another_answer_and_is_not_heard() -> None:
    t = bound(reroll="note 36 ch 10")
    t.play(0, 60)
    t.at(560)
    t.engine.answers(Note(asked(t).start, 0, 72, 20, 80))
    t.at(600, *PAD)

    assert asked(t).generation == 2
    assert not any(message in PAD for message in t.sent)


def test_a_dial_sets_the_heat_of_the_answers_to_come() -> None:
    t = bound(temperature="cc 20")
    t.play(0, 60)
    t.at(110, midi.control(0, 20, 64))
    t.at(560)

    feel = asked(t).feel
    assert feel is not None
    assert round(feel.temperature, 2) == 0.76
    assert feel.top_p == Settings().feel.top_p


def test_a_dial_says_how_many_notes_a_beat_has_at_most() -> None:
    for stands, density in ((0, 1), (64, 6), (127, 32)):
        t = bound(density="cc 21")
        t.play(0, 60)
        t.at(110, midi.control(0, 21, stands))
        t.at(560)
        rules = asked(t).constraints
        assert rules is not None
        assert rules.density == density


def test_a_dial_says_how_soon_silence_is_taken_for_the_end() -> None:
    asked_ms = []
    for stands in (0, 64, 127):
        t = bound(eagerness="cc 22")
        t.at(0, midi.control(0, 22, stands))
        ended_ms = t.play(10, 60, 62, 64, 65, 67, 65, 64, 62)
        while "answering" not in t.states:
            t.at(t.now_ns / MS + 10)
        asked_ms.append(t.now_ns / MS - ended_ms)

    assert asked_ms == sorted(asked_ms, reverse=True)
    assert asked_ms[0] > asked_ms[1] > asked_ms[2]


def test_what_nobody_turned_is_as_the_settings_say() -> None:
    t = Theatre()
    t.play(0, 60)
    t.at(560)

    assert asked(t).feel is None


class Keys:
    """Messages in a row."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = [*messages]

    def receive(self) -> bytes | None:
        return self.messages.pop(0) if self.messages else None


def test_a_pad_learns_what_it_is_for_and_is_not_heard() -> None:
    keys = Keys(midi.control(0, 1, 90), *PAD)
    hands = Hands(keys, {})
    assert hands.learn(LEARN)
    assert hands.learn(LETTERS["undo"])
    assert not hands.learn(LETTERS["undo"])

    # A wheel is a controller like any other: it is what is learnt.
    assert [hands.receive(), hands.receive()] == [*PAD]
    assert hands.learnt() == [("undo", "cc 1 ch 1")]
    assert hands.learnt() == []
    keys.messages = [midi.control(0, 1, 0), midi.control(0, 1, 90)]
    assert hands.receive() is None
    assert hands.commands() == [LETTERS["undo"]]


def test_to_learn_what_nobody_knows_is_to_learn_nothing() -> None:
    hands = Hands(Keys(*PAD), {})
    assert hands.learn(LEARN)
    assert hands.learn(b"?")

    assert hands.receive() == PAD[0]


def test_a_pedal_that_sends_every_position_is_learnt_and_does_nothing_yet() -> None:
    keys = Keys(*(midi.control(0, 4, value) for value in (30, 70, 90)))
    hands = Hands(keys, {})
    hands.learn(LEARN)
    hands.learn(LETTERS["undo"])
    while hands.receive() is not None:
        pass

    assert hands.learnt() == [("undo", "cc 4 ch 1")]
    assert hands.commands() == []


def test_where_nothing_is_pressed_for_ten_seconds_learning_is_given_up_in_one_sentence() -> None:
    keys, clock = Keys(), ManualClock(5)
    hands = Hands(keys, {"undo": "note 36 ch 10"})
    assert hands.news(clock.now_ns()) == []
    hands.learn(LEARN)
    hands.learn(LETTERS["undo"])

    said: list[list[str]] = []
    for _ in range(12):
        assert hands.receive() is None
        said.append(hands.news(clock.now_ns()))
        clock.advance(S)
    assert said[:10] == [[]] * 10
    assert said[10] == ["Nothing was pressed for 10 s, so undo is bound as it was."]
    assert said[11] == []

    keys.messages = [midi.control(0, 4, 127), PAD[0]]
    assert hands.receive() == midi.control(0, 4, 127)
    assert hands.receive() is None
    assert hands.learnt() == []
    assert hands.commands() == [LETTERS["undo"]]


def test_what_is_to_be_learnt_next_has_ten_seconds_of_its_own() -> None:
    keys = Keys()
    hands = Hands(keys, {})
    for at_s, action in ((0, "undo"), (9, "keep")):
        hands.learn(LEARN)
        hands.learn(LETTERS[action])
        assert hands.news(at_s * S) == []
    assert hands.news(18 * S) == []
    keys.messages = [PAD[0]]
    assert hands.receive() is None

    assert hands.learnt() == [("keep", "note 36 ch 10")]
    assert hands.news(60 * S) == []
