"""What the doctor says of what was measured."""

from __future__ import annotations

import pytest

from antiphon.bridge.doctor import answer_check
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
