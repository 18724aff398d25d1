"""The versions of an answer: which counts, which did before, and where each stands in time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.takes import KEPT, MOST, Take, Takes, later
from antiphon.engine.notes import Note


def note(onset: int, length: int = 10) -> Note:
    return Note(onset, 0, 60, length, 80)


def made(*numbers: int, generation: int = 1) -> list[Take]:
    return [Take(generation, number, 100, 100) for number in numbers]


def several() -> tuple[Takes, list[Take]]:
    """Three takes that were asked for at once; the first counts."""
    takes, three = Takes(), made(0, 1, 2)
    takes.begin(three)
    return takes, three


def test_where_nothing_was_made_nothing_counts() -> None:
    takes = Takes()

    assert (takes.current, takes.other, takes.can_undo) == (None, None, False)
    assert takes.find(0, 0) is None


def test_the_first_of_several_counts_and_after_the_last_comes_the_first() -> None:
    takes, three = several()
    heard = []
    for _ in range(4):
        heard.append(takes.current)
        takes.choose(takes.other)

    assert heard == [*three, three[0]]
    assert takes.find(1, 2) is three[2]
    assert takes.find(2, 2) is None


def test_one_alone_has_no_other() -> None:
    takes = Takes()
    takes.begin(made(0))

    assert takes.other is None


def test_what_was_rejected_is_still_a_version() -> None:
    takes, three = several()
    takes.choose(None)

    assert takes.current is None
    assert takes.other is three[0]
    assert takes.undo() is three[0]


@given(st.lists(st.one_of(st.none(), st.integers(0, 2)), max_size=MOST - 1))
def test_undo_goes_back_the_way_that_was_come(ways: list[int | None]) -> None:
    takes, three = several()
    counted = [takes.current]
    for way in ways:
        takes.choose(None if way is None else three[way])
        counted.append(takes.current)

    while takes.can_undo:
        counted.pop()
        assert takes.undo() is counted[-1]
    assert len(counted) == 1


def test_what_never_began_is_no_version_and_what_counted_before_does_again() -> None:
    takes, three = several()
    (again,) = made(0, generation=2)
    takes.begin([again])
    assert takes.current is again
    takes.retract()

    assert takes.current is three[0]
    assert takes.all == three


def test_a_version_that_counted_before_stays_one_when_it_does_not_begin_again() -> None:
    takes, three = several()
    (again,) = made(0, generation=2)
    takes.begin([again])
    takes.choose(three[0])
    takes.retract()

    assert takes.current is again
    assert takes.all == [*three, again]


def test_what_is_kept_is_alone() -> None:
    takes, three = several()
    takes.choose(three[1])
    takes.keep()

    assert (takes.all, takes.current, takes.can_undo) == ([three[1]], three[1], False)


def test_the_same_version_elsewhere_takes_its_place_everywhere() -> None:
    takes, three = several()
    here = three[0].at(300)
    takes.put(here, three[0])

    assert takes.all == [here, *three[1:]]
    assert takes.current is here


def test_the_oldest_versions_go_first() -> None:
    takes = Takes()
    for generation in range(2 * MOST):
        takes.begin(made(0, generation=generation))

    assert [take.generation for take in takes.all] == list(range(MOST, 2 * MOST))


def test_notes_come_at_their_ticks_and_are_as_late_as_the_version_is() -> None:
    (take,) = made(0)
    assert take.add([note(100), note(110, 30)]) == [note(100), note(110, 30)]
    take.move(48)
    assert take.add([note(120)]) == [note(168)]

    assert take.notes == [note(100), note(110, 30), note(168)]
    assert (take.start, take.moved, take.end) == (148, 48, 178)


def test_a_gap_is_filled_in_order() -> None:
    (take,) = made(0)
    take.add([note(100), note(300)])
    take.add([note(200)])

    assert [one.onset for one in take.notes] == [100, 200, 300]


def test_an_answer_without_end_does_not_grow() -> None:
    (take,) = made(0)
    for tick in range(5 * KEPT):
        take.add([note(100 + tick)])
        take.trim()

    assert len(take.notes) <= 2 * KEPT
    assert take.notes[-1] == note(100 + 5 * KEPT - 1)
    assert take.start == take.notes[0].onset


@pytest.mark.parametrize("at_once", [1, 3])
@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(-90, 500))
def test_elsewhere_it_is_the_same_music(at_once: int, gaps: list[int], by: int) -> None:
    (take,) = made(0)
    at = 100
    for n in range(0, len(gaps), at_once):
        chunk = [note(at := at + gap) for gap in gaps[n : n + at_once]]
        take.add(chunk)
    there = take.at(100 + by)

    assert there.notes == [later(one, by) for one in take.notes]
    assert (there.home, there.start, there.end) == (100 + by, 100 + by, take.end + by)
    assert there.add([note(at)]) == [note(at + by)]
    assert len(take.notes) == len(gaps), "the one it was made of stays as it is"
