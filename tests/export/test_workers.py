"""Work side by side: in order, and what kills a process costs itself alone."""

from __future__ import annotations

from antiphon.export.corpus.workers import PORTION, each
from fragile import doubled


def test_results_come_in_order() -> None:
    numbers = list(range(3 * PORTION))
    assert list(each(doubled, numbers)) == [2 * n for n in numbers]


def test_nothing_to_do_is_done() -> None:
    assert list(each(doubled, [])) == []


def test_what_kills_its_process_gives_none_and_the_rest_is_done() -> None:
    numbers = list(range(2 * PORTION + 3))
    numbers[PORTION + 1] = -1
    expected = [None if n < 0 else 2 * n for n in numbers]
    assert list(each(doubled, numbers)) == expected
