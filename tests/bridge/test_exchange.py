"""A phrase and its answer: what the engine is told, what is planned, and what is remembered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.config import Settings
from antiphon.bridge.ear import Ear
from antiphon.bridge.effects import Effect, Plan, Release, Tell
from antiphon.bridge.exchange import (
    LATE_NS,
    MAX_ANSWER_TICKS,
    MIN_ANSWER_TICKS,
    Exchange,
    sounded,
)
from antiphon.bridge.grid import Grid
from antiphon.bridge.partner import Partner
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note, NoteOff, NoteOn, events_of
from antiphon.engine.protocol import Answer, Cancel, Heard, Infill, Keep, Listen, Request, Rewind

MS = 1_000_000
TICK = 10 * MS
PHRASE = (NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60))
NOTES = (Note(100, 0, 72, 20, 80), Note(130, 0, 74, 20, 80))


def told(effects: list[Effect]) -> list[Request]:
    """What the engine is told, but for where the play head is."""
    requests = [effect.request for effect in effects if isinstance(effect, Tell)]
    return [request for request in requests if not isinstance(request, Heard)]


def planned(effects: list[Effect]) -> list[tuple[int, int]]:
    """(tick, pitch) of what is to sound."""
    return [(e.on_ns // TICK, e.note.pitch) for e in effects if isinstance(e, Plan)]


class Desk:
    """An exchange whose ticks last 10 ms: a phrase was heard, and is answered at tick 100."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.partner = Partner(settings or Settings(), Timeline.at(125, 0), paced=True)
        self.exchange = Exchange(self.partner, Ear())
        self.exchange.begin(0)
        self.exchange.history.add(PHRASE)
        self.asked = told(self.exchange.ask(100))[0]

    def decided(self, *notes: Note, tick: float = 100, take: int = 0) -> list[tuple[int, int]]:
        effects = self.exchange.decided(round(tick * TICK), take, notes, sounds=True)
        return planned(effects)

    def end(self, tick: int, *, whole: bool = False, there: bool = True) -> list[Request]:
        return told(self.exchange.end(tick, whole=whole, there=there))

    @property
    def answer(self) -> list[Note]:
        return self.exchange.history.answer


@pytest.mark.parametrize(
    ("beats", "phrase", "lasts"),
    [
        (None, 300, 300),
        (None, 3, MIN_ANSWER_TICKS),
        (None, 10**6, MAX_ANSWER_TICKS),
        (3, 300, 3 * 48),
    ],
)
def test_an_answer_is_as_long_as_the_phrase_or_as_was_asked(
    beats: int | None, phrase: int, lasts: int
) -> None:
    desk = Desk(Settings(answer_beats=beats))
    desk.exchange.phrase_ticks = phrase
    (asked,) = told(desk.exchange.ask(500))

    assert isinstance(asked, Answer)
    assert (asked.start, asked.until) == (500, 500 + lasts)
    assert (desk.exchange.start, desk.exchange.until) == (500, 500 + lasts)


def test_notes_are_planned_as_they_are_decided_and_kept_when_all_have_sounded() -> None:
    desk = Desk()
    assert desk.decided(NOTES[0]) == [(100, 72)]
    assert desk.decided(NOTES[1]) == [(130, 74)]
    assert (desk.exchange.begin_tick, desk.exchange.end_tick) == (100, 150)
    assert not desk.exchange.complete
    assert desk.exchange.completed(0) == []
    assert desk.exchange.complete

    assert desk.end(150, whole=True) == [], "the engine remembers what it made"
    assert desk.answer == [*NOTES]


def test_of_an_answer_that_is_cut_off_the_engine_keeps_what_sounded() -> None:
    desk = Desk()
    desk.decided(*NOTES)

    assert desk.exchange.end(110, whole=False, there=True)[0] == Release()
    assert desk.answer == [Note(100, 0, 72, 10, 80)]
    desk = Desk()
    desk.decided(*NOTES)
    assert desk.end(110) == [Cancel(1), Rewind(1, 110)]


def test_before_it_begins_only_the_answer_is_taken_back_and_not_what_was_struck_just_then() -> None:
    desk = Desk()
    desk.decided(*NOTES)

    assert desk.end(99) == [Cancel(1), Rewind(1, 100)]
    assert desk.answer == []


def test_an_engine_that_is_gone_is_told_nothing_and_what_sounded_is_known_to_us() -> None:
    desk = Desk()
    desk.decided(*NOTES)

    assert desk.end(140, there=False) == []
    assert desk.answer == [NOTES[0], Note(130, 0, 74, 10, 80)]


def test_what_the_player_did_meanwhile_is_told_when_the_answer_is_over() -> None:
    desk = Desk()
    desk.decided(*NOTES)
    off = NoteOff(120, 0, 48)
    desk.exchange.defer(off)
    desk.end(150, whole=True)

    assert told(desk.exchange.tell_late(there=True)) == [Listen(1, (off,))]
    assert told(desk.exchange.tell_late(there=True)) == [], "once"
    assert desk.exchange.history.phrase == [*PHRASE, off]


def test_notes_of_another_request_are_nobodys() -> None:
    desk = Desk()

    assert desk.decided(NOTES[0], take=3) == []
    assert desk.exchange.completed(3) == []
    assert not desk.exchange.complete


@pytest.mark.parametrize(
    ("tick", "grid", "begins"),
    [
        (103, Grid.FREE, 100),
        (103.1, Grid.FREE, 104),
        (140, Grid.FREE, 141),
        (103.1, Grid.BEAT, 148),
        (149, Grid.BEAT, 196),
        (104, Grid.BAR, 292),
    ],
)
def test_an_answer_that_is_late_begins_whole_steps_of_its_grid_later(
    tick: float, grid: Grid, begins: int
) -> None:
    desk = Desk(Settings(grid=grid))
    late = tick * TICK - 100 * TICK > LATE_NS

    assert desk.decided(*NOTES, tick=tick) == [(begins, 72), (begins + 30, 74)]
    assert desk.end(begins + 50, whole=True) == (
        [Cancel(1), Rewind(1, 100), Listen(1, tuple(events_of(desk.answer)))] if late else []
    )


def test_of_several_takes_only_the_one_that_counts_is_planned_and_it_is_kept() -> None:
    desk = Desk(Settings(takes=2))
    other = Note(100, 0, 50, 20, 80)
    assert desk.decided(*NOTES) == [(100, 72), (130, 74)]
    assert desk.decided(other, take=1) == []

    assert desk.end(150, whole=True) == [Keep(1, 1, 0)]
    take = desk.exchange.takes.find(1, 1)
    assert take is not None
    assert told(desk.exchange.amend(150 * TICK, take))[-1] == Listen(1, tuple(events_of([other])))
    assert desk.answer == [other]


def test_a_version_goes_on_from_where_the_other_was_and_from_the_top_when_it_is_over() -> None:
    desk = Desk(Settings(takes=2))
    desk.decided(*NOTES)
    desk.decided(Note(100, 0, 50, 20, 80), Note(130, 0, 52, 20, 80), take=1)
    take = desk.exchange.takes.find(1, 1)
    assert take is not None
    desk.exchange.takes.choose(take)

    assert planned(desk.exchange.resume(110 * TICK, take, sounding=True)) == [(130, 52)]
    desk.end(150, whole=True)
    again = planned(desk.exchange.resume(200 * TICK, take, sounding=False))
    assert [pitch for _, pitch in again] == [50, 52]
    assert again[1][0] - again[0][0] == 30
    assert again[0][0] > 200


def test_another_answer_counts_as_if_the_phrase_had_just_been_played() -> None:
    desk = Desk()
    desk.decided(*NOTES)
    desk.end(150, whole=True)
    rewind, listen, asked = told(desk.exchange.reroll(200 * TICK))

    assert rewind == Rewind(1, 0)
    assert isinstance(asked, Answer)
    assert asked.start == 201
    assert listen == Listen(1, (NoteOn(101, 0, 60, 80), NoteOff(111, 0, 60)))


def test_who_goes_on_before_another_answer_begins_finds_the_phrase_where_it_was() -> None:
    desk = Desk()
    desk.decided(*NOTES)
    desk.end(150, whole=True)
    desk.exchange.reroll(200 * TICK)
    desk.end(201)

    assert desk.exchange.history.phrase == [*PHRASE]
    assert desk.exchange.start == 100


def test_locked_bars_stay_and_each_gap_is_asked_for_in_turn() -> None:
    desk = Desk(Settings(metre=(4, 4), answer_beats=12))
    bars = [Note(100 + 192 * n, 0, 70 + n, 40, 80) for n in range(3)]
    desk.decided(*bars)
    assert desk.exchange.lock(99) is None
    assert desk.exchange.lock(100 + 200) == 1
    desk.end(700, whole=True)
    asked = desk.exchange.remake(800 * TICK)
    start = desk.exchange.start
    first = told(asked)[-1]

    assert isinstance(first, Infill)
    assert (first.start, first.until) == (start, start + 192)
    assert planned(asked) == [(start + 192, 71)]
    again = told(desk.exchange.completed(0))[-1]
    assert isinstance(again, Infill)
    assert (again.start, again.until) == (start + 384, start + 576)
    assert desk.exchange.completed(0) == []
    assert desk.exchange.complete


def test_an_exchange_that_is_taken_back_is_forgotten() -> None:
    desk = Desk()
    desk.decided(*NOTES)
    desk.end(150, whole=True)

    assert told(desk.exchange.take_back()) == [Cancel(1), Rewind(1, 0)]
    assert desk.exchange.history.latest == ()
    assert desk.exchange.take_back() == []


ONSETS = st.lists(st.integers(0, 40), min_size=1, max_size=12)


def answer_of(gaps: list[int]) -> list[Note]:
    """Notes that begin so many ticks after each other."""
    notes, at = [], 100
    for n, gap in enumerate(gaps):
        at += gap
        notes.append(Note(at, 0, 40 + n, 1 + 2 * gap, 80))
    return notes


@given(ONSETS, st.integers(90, 700))
def test_what_has_sounded_is_what_was_to_be_heard_up_to_then(gaps: list[int], tick: int) -> None:
    notes = answer_of(gaps)
    expected = {(n.pitch, t) for n in notes for t in range(n.onset, n.end) if t < tick}
    kept = sounded(notes, tick)

    assert {(note.pitch, t) for note in kept for t in range(note.onset, note.end)} == expected


def remembered(made: list[Note], requests: list[Request]) -> list[tuple[int, int]]:
    """(tick, pitch) of what an engine that made some notes remembers after some requests."""
    strikes = [(e.tick, e.pitch) for e in PHRASE if isinstance(e, NoteOn)]
    strikes += [(note.onset, note.pitch) for note in made]
    for request in requests:
        match request:
            case Rewind(_, tick):
                strikes = [strike for strike in strikes if strike[0] < tick]
            case Listen(_, events):
                strikes += [(e.tick, e.pitch) for e in events if isinstance(e, NoteOn)]
    return sorted(strikes)


@given(ONSETS, st.integers(90, 700), st.integers(0, 60), st.booleans())
def test_the_engine_remembers_what_we_do(
    gaps: list[int], tick: int, late: int, whole: bool
) -> None:
    desk, notes = Desk(), answer_of(gaps)
    now = min(tick, notes[0].onset + late)
    desk.decided(*notes, tick=now)
    end = max(desk.exchange.end_tick, tick) if whole else max(tick, now)
    requests = desk.end(end, whole=whole)

    ours = desk.exchange.history.latest
    assert remembered(notes, requests) == sorted(
        (event.tick, event.pitch) for event in ours if isinstance(event, NoteOn)
    )
