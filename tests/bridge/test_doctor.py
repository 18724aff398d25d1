"""What the doctor says of what was measured."""

from __future__ import annotations

import pytest

from antiphon.bridge.compensation import Compensation
from antiphon.bridge.doctor import Examination, advice_on, answer_check
from antiphon.bridge.latency import Latency

MS = 1_000_000


def measured(*answers_ms: int, missed: int = 0) -> Latency:
    return Latency("pipes", tuple(ms * MS for ms in answers_ms), (), missed, True, None)


def test_the_time_to_the_first_note_is_said_to_be_the_median() -> None:
    check = answer_check(measured(9, 12, 29, 10, 11))

    assert check.ok
    assert check.text == "first note 11.0 ms after it was asked for (median of 5, through pipes)."


@pytest.mark.parametrize(
    ("latency", "needed"), [(measured(31, 31, 9), False), (measured(9, missed=1), True)]
)
def test_slow_and_missing_answers_come_with_advice(latency: Latency, needed: bool) -> None:
    check = answer_check(latency)

    assert (check.ok, check.needed) == (False, needed)
    assert check.text.endswith("Close what else is busy, or take a smaller model.")


def test_what_the_ways_take_comes_with_what_to_set() -> None:
    ways = Compensation.from_loop([5_240_000, 4_460_000])

    assert [line.strip() for line in advice_on(ways)[1:]] == [
        "antiphon config set latency-out 2.2",
        "antiphon config set latency-in 2.2",
    ]
    found = Examination((), None, None, ways).as_dict()["ways"]
    assert found == {"latency-out": 2.2, "latency-in": 2.2}
    assert Examination((), None, None).as_dict()["ways"] is None
