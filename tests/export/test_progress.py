"""What is told of a long work: now and then, and how long it will take."""

from __future__ import annotations

import io

import pytest

from antiphon.export.progress import Pace, Progress, duration, thousands


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, steps: int, seconds_each: float) -> str:
    now = [0.0]
    progress = Progress("reading", steps, stream, lambda: now[0])
    for _ in range(steps):
        now[0] += seconds_each
        progress.step()
    progress.end()
    return stream.getvalue()


def test_in_a_log_a_line_comes_every_five_seconds() -> None:
    assert told(io.StringIO(), 12, 1).splitlines() == [
        "reading: 5 of 12, 7 s left",
        "reading: 10 of 12, 2 s left",
    ]


def test_no_time_is_said_before_a_tenth_is_done_or_a_hundred() -> None:
    assert told(io.StringIO(), 100, 1).splitlines()[:2] == [
        "reading: 5 of 100",
        "reading: 10 of 100, 2 min left",
    ]
    lines = told(io.StringIO(), 5000, 1).splitlines()
    assert next(i for i, line in enumerate(lines, 1) if "left" in line) == 20


def test_time_left_goes_by_the_last_minutes_and_waits_for_a_few_steps() -> None:
    pace, said = Pace(0, 0.0), list[str]()
    for n in range(1, 11):
        said.append(pace.left(60 * n, n / 100))
    assert said[:3] == ["", "", ""]
    assert said[-1] == "  1 h 30 min left"
    # Twice as slow from here on: three minutes later that is all it goes by.
    for n in range(1, 11):
        said.append(pace.left(600 + 60 * n, 0.1 + n / 200))
    assert said[-1] == "  2 h 50 min left"


@pytest.mark.parametrize(
    ("count", "text"), [(999, "1 thousand"), (12_288, "12 thousand"), (999_499, "999 thousand"),
                        (999_500, "1.0 million"), (29_310_976, "29.3 million")]
)  # fmt: skip
def test_large_counts_are_said_as_people_do(count: int, text: str) -> None:
    assert thousands(count) == text


def test_what_is_done_at_once_is_not_told() -> None:
    assert told(io.StringIO(), 100, 0.01) == ""


def test_on_a_terminal_one_line_is_written_anew_and_cleared() -> None:
    text = told(Terminal(), 4, 1)
    assert "\n" not in text
    lines = [line.rstrip() for line in text.split("\r")]
    assert lines[1:] == [
        "reading: 1 of 4, 3 s left",
        "reading: 2 of 4, 2 s left",
        "reading: 3 of 4, 1 s left",
        "reading: 4 of 4, 0 s left",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3600, "1 h 0 min")]
)
def test_durations_are_said_as_people_do(seconds: float, text: str) -> None:
    assert duration(seconds) == text
