"""Versions of an answer: another, the other, this one, none, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.actions import Action
from antiphon.bridge.config import Settings
from antiphon.bridge.effects import Turned
from antiphon.bridge.exchange import gaps
from antiphon.engine.notes import Note, NoteOff, NoteOn
from antiphon.engine.protocol import (
    Cancel,
    Done,
    Heard,
    Infill,
    Keep,
    Listen,
    Notes,
    Rewind,
)
from theatre import MS, PEDAL, Theatre, asked, remembered

PHRASE = [NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60)]


def answered(t: Theatre, *pitches: int) -> None:
    """The engine answers with notes of ten ticks, one after the other."""
    start = asked(t).start
    t.engine.answers(*(Note(start + 10 * n, 0, pitch, 10, 80) for n, pitch in enumerate(pitches)))


def conversation(settings: Settings | None = None) -> Theatre:
    """A phrase of one note, and its answer of two, C and D, which has begun."""
    t = Theatre(settings)
    t.play(0, 60)
    t.at(560)
    answered(t, 72, 74)
    t.at(600)
    assert t.states == ["listening", "answering"]
    return t


def sounded(t: Theatre) -> list[tuple[int, int]]:
    return [(round(ms), pitch) for ms, word, _, pitch in t.answered() if word == "on"]


def test_another_answer_follows_the_phrase_as_the_first_one_did() -> None:
    t = conversation()
    first = asked(t).start
    t.stage.act(t.now_ns, Action.REROLL)
    again = asked(t)

    assert again.generation == 2
    by = again.start - first
    assert [r for r in t.engine.told if isinstance(r, Listen)][-1].events == (
        NoteOn(by, 0, 60, 80), NoteOff(10 + by, 0, 60),
    )  # fmt: skip
    answered(t, 76)
    t.at(1500)
    assert sounded(t)[-1][1] == 76
    assert t.states == ["listening", "answering", "answering", "idle"]
    assert remembered(t) == [(by, 60), (again.start, 76)]


def test_nothing_of_the_first_answer_sounds_on_when_another_is_wanted() -> None:
    t = conversation()
    t.stage.act(t.now_ns, Action.REROLL)
    t.at(1500)

    assert [item[1:] for item in t.answered()] == [("on", 1, 72), ("off", 1, 72)]


def test_an_answer_that_is_over_can_still_be_followed_by_another() -> None:
    t = conversation()
    t.at(1500)
    assert t.states[-1] == "idle"
    t.stage.act(t.now_ns, Action.REROLL)
    answered(t, 76)
    t.at(2500)

    assert sounded(t)[-1][1] == 76
    by = asked(t).start - 56
    assert remembered(t) == [(by, 60), (asked(t).start, 76)]


def test_in_time_the_other_answer_is_whole_bars_later() -> None:
    t = Theatre(Settings(bpm=125, metre=(4, 4)))
    t.play(0, 60)
    t.at(560)
    first = asked(t).start
    answered(t, 72)
    t.at(600)
    t.stage.act(t.now_ns, Action.REROLL)

    assert (asked(t).start - first) % 192 == 0


def test_undo_brings_the_earlier_answer_back() -> None:
    t = conversation()
    t.stage.act(t.now_ns, Action.REROLL)
    answered(t, 76, 77)
    t.at(650)
    t.stage.act(t.now_ns, Action.UNDO)
    t.at(2500)

    pitches = [pitch for _, pitch in sounded(t)]
    assert pitches == [72, 76, 72, 74]
    assert [pitch for _, pitch in remembered(t)] == [60, 72, 74]


def test_what_is_rejected_is_forgotten_and_undo_brings_it_back() -> None:
    t = conversation()
    t.at(1500)
    t.stage.act(t.now_ns, Action.REJECT)
    assert remembered(t) == [(0, 60)]

    t.stage.act(t.now_ns, Action.UNDO)
    assert remembered(t) == [(0, 60), (56, 72), (66, 74)]


def test_an_answer_rejected_while_it_sounds_ends_at_once() -> None:
    t = conversation()
    t.stage.act(t.now_ns, Action.REJECT)

    assert t.answered()[-1][1:] == ("off", 1, 72)
    assert t.states[-1] == "idle"
    assert remembered(t) == [(0, 60)]


def test_undo_takes_back_exchange_after_exchange() -> None:
    t = conversation()
    t.at(1500)
    t.play(1500, 62)
    t.at(2060)
    answered(t, 79)
    t.at(3000)
    t.stage.act(t.now_ns, Action.UNDO)
    assert [pitch for _, pitch in remembered(t)] == [60, 72, 74]
    t.stage.act(t.now_ns, Action.UNDO)
    assert remembered(t) == []
    t.stage.act(t.now_ns, Action.UNDO)
    assert t.states[-1] == "idle"


def several() -> Theatre:
    """Three takes of an answer were made: two notes each, a third apart."""
    t = Theatre(Settings(takes=3))
    t.play(0, 60)
    t.at(560)
    start, generation = asked(t).start, asked(t).generation
    assert asked(t).takes == 3
    for take, pitch in enumerate((72, 76, 79)):
        notes = (Note(start, 0, pitch, 20, 80), Note(start + 20, 0, pitch + 1, 20, 80))
        t.engine.replies += [
            Notes(1, generation, notes, take), Done(1, generation, "until", 4, 1, 1, take)
        ]  # fmt: skip
        t.engine.made[generation, take] = [*notes]
    t.at(600)
    return t


def test_of_several_takes_the_first_sounds_and_is_kept() -> None:
    t = several()
    t.at(1500)

    assert [pitch for _, pitch in sounded(t)] == [72, 73]
    assert t.engine.told[-1] == Keep(1, 1, 0)
    assert t.states[-1] == "idle"


def test_another_take_goes_on_from_where_the_first_was() -> None:
    t = several()
    t.stage.act(t.now_ns, Action.OTHER)
    t.at(1500)

    assert [pitch for _, pitch in sounded(t)] == [72, 77]
    assert remembered(t) == [(0, 60), (56, 76), (76, 77)]


def test_the_next_key_finds_the_take_that_was_chosen_in_the_engines_memory() -> None:
    t = several()
    t.stage.act(t.now_ns, Action.OTHER)
    t.at(700, midi.note_on(0, 62, 80))

    told = [r for r in t.engine.told if not isinstance(r, Heard)]
    assert told[-4:] == [
        Keep(1, 1, 1), Cancel(1), Rewind(1, 70), Listen(1, (NoteOn(70, 0, 62, 80),))
    ]  # fmt: skip


def test_after_the_last_take_comes_the_first_again() -> None:
    t = several()
    t.at(1500)
    for pitch in (76, 79, 72):
        t.stage.act(t.now_ns, Action.OTHER)
        t.at(t.now_ns / MS + 1500)
        assert [p for _, p in sounded(t)][-2:] == [pitch, pitch + 1]
        assert [p for _, p in remembered(t)] == [60, pitch, pitch + 1]


def test_what_is_kept_is_the_only_version() -> None:
    t = several()
    t.stage.act(t.now_ns, Action.KEEP)
    before = list(t.states)
    t.stage.act(t.now_ns, Action.OTHER)

    assert t.states == before


@pytest.mark.parametrize(
    "action", [Action.REROLL, Action.OTHER, Action.REJECT, Action.UNDO, Action.KEEP, Action.LOCK]
)
def test_what_cannot_be_done_now_does_nothing(action: Action) -> None:
    t = Theatre()
    t.stage.act(t.now_ns, action)
    assert t.states == []

    t.at(10, midi.note_on(0, 60, 80))
    t.stage.act(t.now_ns, action)
    assert t.states == ["listening"]


def test_an_answer_that_comes_too_late_begins_later_and_keeps_its_rhythm() -> None:
    t = Theatre()
    t.play(0, 60)
    t.at(700)
    start = asked(t).start
    answered(t, 72, 74)
    t.at(1500)

    (first, _), (second, _) = sounded(t)
    assert first >= 700
    assert second - first == 100
    by = first // 10 - start
    assert remembered(t) == [(0, 60), (start + by, 72), (start + by + 10, 74)]


def test_a_late_answer_moves_by_whole_beats_where_it_begins_on_beats() -> None:
    from antiphon.bridge.grid import Grid

    t = Theatre(Settings(grid=Grid.BEAT, bpm=125))
    t.play(0, 60)
    t.at(1100)
    assert asked(t).start == 96
    answered(t, 72)
    t.at(2500)

    assert sounded(t) == [(1440, 72)]


def test_a_key_before_the_answer_has_begun_goes_on_with_the_phrase() -> None:
    from antiphon.bridge.grid import Grid

    t = Theatre(Settings(grid=Grid.BAR, bpm=125, metre=(4, 4)))
    t.play(0, 60)
    t.at(800)
    assert t.states == ["listening", "answering"]
    t.at(810, midi.note_on(0, 62, 80))

    assert t.states == ["listening", "answering", "listening"]
    t.stage.act(t.now_ns, Action.UNDO)
    assert remembered(t) == [(0, 60), (81, 62)]


def test_locked_bars_stay_when_the_answer_is_made_anew() -> None:
    t = Theatre(Settings(answer_beats=12))
    t.play(0, 60)
    t.at(560)
    first = asked(t).start
    bars = [Note(first + 96 * n, 0, 70 + n, 40, 80) for n in range(6)]
    t.engine.answers(*bars)
    t.at(10 * (first + 200))  # in the second bar, of 192 ticks
    t.stage.act(t.now_ns, Action.LOCK)
    t.stage.act(t.now_ns, Action.REROLL)

    gap = next(r for r in reversed(t.engine.told) if isinstance(r, Infill))
    start = gap.start
    assert (gap.until - start, [n.pitch for n in gap.after]) == (192, [72, 73])
    t.engine.replies += [
        Notes(1, gap.generation, (Note(start + 20, 0, 50, 40, 80),)),
        Done(1, gap.generation, "until", 3, 1, 1),
    ]
    t.at(t.now_ns / MS + 50)
    last = next(r for r in reversed(t.engine.told) if isinstance(r, Infill))
    assert (last.start - start, last.until - start, last.after) == (384, 576, ())
    t.engine.replies += [
        Notes(1, last.generation, (Note(start + 400, 0, 51, 40, 80),)),
        Done(1, last.generation, "until", 3, 1, 1),
    ]
    t.at(10 * (start + 600))

    again = [(ms // 10 - start, pitch) for ms, pitch in sounded(t) if ms >= 10 * start]
    assert again == [(20, 50), (192, 72), (288, 73), (400, 51)]
    by = start - first
    expected = [(by, 60), *((start + at, pitch) for at, pitch in again)]
    assert remembered(t) == expected


def test_a_bar_can_be_unlocked() -> None:
    t = conversation()
    t.stage.act(t.now_ns, Action.LOCK)
    t.stage.act(t.now_ns, Action.LOCK)
    t.stage.act(t.now_ns, Action.REROLL)

    assert asked(t).generation == 2


@given(st.sets(st.integers(0, 6)), st.integers(1, 8 * 48))
def test_gaps_are_all_that_is_not_locked(locked: set[int], length: int) -> None:
    ticks = {tick for a, b in gaps(locked, 48, length) for tick in range(a, b)}

    assert ticks == {tick for tick in range(length) if tick // 48 not in locked}


def test_an_earlier_answer_that_counts_again_follows_the_phrase_where_it_now_is() -> None:
    t = conversation()
    t.stage.act(t.now_ns, Action.REROLL)
    by = asked(t).start - 56
    answered(t, 76)
    t.at(1500)
    t.stage.act(t.now_ns, Action.UNDO)

    assert remembered(t) == [(by, 60), (56 + by, 72), (66 + by, 74)]


def test_an_answer_that_was_only_prepared_is_no_version() -> None:
    t = Theatre()
    end = t.play(0, 60, 62, 64)
    t.at(end + 300)
    answered(t, 67)
    end = t.play(end + 350, 65)
    t.at(end + 1600)
    answered(t, 69)
    t.at(end + 3000)
    states = list(t.states)
    t.stage.act(t.now_ns, Action.OTHER)
    assert t.states == states, "there is only one version"

    t.stage.act(t.now_ns, Action.UNDO)
    assert remembered(t) == []


def test_what_was_not_heard_of_a_rejected_answer_is_not_remembered_when_it_counts_again() -> None:
    t = conversation()  # C sounds, D is to come
    t.stage.act(t.now_ns, Action.REJECT)
    t.stage.act(t.now_ns, Action.UNDO)

    assert remembered(t) == [(0, 60), (56, 72)]


def test_a_key_before_another_answer_begins_goes_on_with_the_phrase_where_it_was() -> None:
    t = Theatre(Settings(bpm=125, metre=(4, 4)))
    t.play(0, 60)
    t.at(560)
    answered(t, 72)
    t.at(600)
    t.stage.act(t.now_ns, Action.REROLL)
    assert asked(t).start > t.now_ns // (10 * MS) + 20
    t.at(700, midi.note_on(0, 62, 80))

    assert remembered(t) == [(0, 60), (70, 62)]


def test_a_key_let_go_while_the_answer_sounded_does_not_ring_into_the_next_one() -> None:
    t = Theatre()
    t.at(0, midi.note_on(0, 60, 80))
    t.at(100, *PEDAL)
    answered(t, 72)
    t.at(800, midi.note_off(0, 60))
    t.at(900)
    t.stage.act(t.now_ns, Action.REROLL)

    start = asked(t).start
    told = [r for r in t.engine.told if isinstance(r, Listen)][-1]
    assert [e.tick <= start for e in told.events] == [True, True]


class Words(Theatre):
    """A theatre that keeps in one list whose turn it is and what is said."""

    def __init__(self) -> None:
        self.told: list[str] = []
        super().__init__()

    def turned(self, now_ns: int, turned: Turned) -> None:
        self.told.append(turned.state.value)

    def said(self, now_ns: int, text: str) -> None:
        self.told.append(text)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Action.UNDO, "Taken back."),
        (Action.REJECT, "The answer is taken out; u: undo."),
        (Action.PANIC, "All is silent."),
    ],
)
def test_the_last_word_is_about_what_was_asked_for(action: Action, words: str) -> None:
    t = Words()
    t.at(t.play(0, 60), *PEDAL)
    answered(t, 72, 74)
    t.at(t.now_ns / MS + 40)
    t.stage.act(t.now_ns, action)

    assert t.told == ["listening", "answering", "idle", words]
