"""What an engine that comes back must hear again: each exchange in its place, or taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.history import EXCHANGES, LATEST, History, moved
from antiphon.engine.notes import Event, Note, NoteOff, NoteOn, Pedal

TICKS = st.integers(0, 1000)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(NoteOn, TICKS, st.just(0), st.just(60), st.just(80)),
    st.builds(NoteOff, TICKS, st.just(0), st.just(60)),
    st.builds(Pedal, TICKS, st.just(0), st.booleans()),
)


def key(tick: int, pitch: int = 60) -> NoteOn:
    return NoteOn(tick, 0, pitch, 80)


def exchange(history: History, tick: int, phrase: int, answer: int) -> None:
    """One key of the player's at a tick, and a note of the answer's ten ticks later."""
    history.begin(tick)
    history.add([key(tick, phrase)])
    history.answer = [Note(tick + 10, 0, answer, 5, 80)]


def pitches(history: History) -> list[int]:
    return [event.pitch for event in history.latest if isinstance(event, NoteOn)]


def test_phrase_and_answer_are_told_in_order_of_time() -> None:
    history = History()
    exchange(history, 100, 60, 72)
    history.add([NoteOff(112, 0, 60)])

    assert history.latest == (
        key(100), NoteOn(110, 0, 72, 80), NoteOff(112, 0, 60), NoteOff(115, 0, 72)
    )  # fmt: skip


def test_the_next_exchange_follows_what_was_and_is_taken_back_alone() -> None:
    history = History()
    assert (history.begin_tick, history.take_back()) == (None, None)
    for n in range(3):
        exchange(history, 100 * n, 60 + n, 72 + n)
    assert pitches(history) == [60, 72, 61, 73, 62, 74]

    assert (history.begin_tick, history.take_back()) == (200, 200)
    assert pitches(history) == [60, 72, 61, 73]
    assert history.take_back() == 100
    assert pitches(history) == [60, 72]
    assert [history.take_back() for _ in range(2)] == [0, None]
    assert history.latest == ()


def test_an_exchange_begins_with_its_first_key_if_that_is_sooner() -> None:
    history = History()
    history.begin(100)
    history.add([key(90), key(95)])
    assert history.begin_tick == 90
    history.add([key(80)])
    assert history.begin_tick == 80


def test_a_phrase_that_is_moved_can_be_put_back() -> None:
    history = History()
    exchange(history, 100, 60, 72)
    history.add([NoteOff(130, 0, 60)])
    before = history.place
    history.move_phrase(192, until=310)

    assert history.begin_tick == 292
    assert [event.tick for event in history.phrase] == [292, 310]
    history.put_back(before)
    assert history.place == before
    assert [event.tick for event in history.phrase] == [100, 130]


def test_of_hours_of_music_the_latest_is_told_and_as_much_can_be_taken_back_as_is_said() -> None:
    history = History()
    for n in range(LATEST):
        exchange(history, 100 * n, 60, 72)
    told = history.latest
    assert len(told) == LATEST
    assert told[-1] == NoteOff(100 * (LATEST - 1) + 15, 0, 72)

    taken = [history.take_back() for _ in range(EXCHANGES + 1)]
    assert taken == [100 * (LATEST - 1 - n) for n in range(EXCHANGES)] + [None]


def test_one_phrase_without_end_does_not_grow_without_end() -> None:
    history = History()
    history.begin(0)
    for tick in range(10 * LATEST):
        history.add([key(tick)])

    assert LATEST <= len(history.phrase) <= 2 * LATEST
    assert [event.tick for event in history.latest] == list(range(9 * LATEST, 10 * LATEST))


@given(EVENTS, st.integers(0, 500), st.one_of(st.none(), st.integers(0, 2000)))
def test_what_is_moved_is_the_same_at_another_time(
    event: Event, ticks: int, until: int | None
) -> None:
    later = moved(event, ticks, until)

    assert type(later) is type(event)
    assert later.tick == min([event.tick + ticks, *([] if until is None else [until])])
    assert moved(later, event.tick - later.tick) == event


@given(st.lists(st.lists(TICKS, min_size=1, max_size=5), min_size=1, max_size=6), st.data())
def test_taking_back_leaves_what_was_before(phrases: list[list[int]], data: st.DataObject) -> None:
    history, told = History(), []
    for n, ticks in enumerate(phrases):
        told.append(history.latest)
        history.begin(2000 * n)
        history.add([key(2000 * n + tick) for tick in sorted(ticks)])
    for _ in range(data.draw(st.integers(1, len(phrases)))):
        history.take_back()
        assert history.latest == told.pop()
