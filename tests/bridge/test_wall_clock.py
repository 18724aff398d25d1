"""Nobody near the notes asks what time of day it is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAYING = [*(ROOT / "bridge").rglob("*.py"), *(ROOT / "engine").rglob("*.py")]
WALL = {
    ("time", "time"), ("time", "time_ns"), ("time", "localtime"), ("time", "gmtime"),
    ("time", "ctime"), ("time", "strftime"), ("time", "clock_gettime"),
    ("time", "clock_gettime_ns"), ("datetime", "now"), ("datetime", "utcnow"),
    ("datetime", "today"), ("date", "today"),
}  # fmt: skip
"""(module or class, function) of all that reads it."""
MAY = {
    "performer.py": 1,  # what a journal is called
    "recorder.py": 1,  # which journals are a month old
}


def readings(source: str) -> list[int]:
    """Lines on which the wall clock is read, or taken by name from its module."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=name):
                lines += [node.lineno] * ((owner, name) in WALL)
            case ast.ImportFrom(module="time", names=names):
                lines += [node.lineno for one in names if ("time", one.name) in WALL]
    return lines


@pytest.mark.parametrize(
    "line",
    [
        "import time; time.time()",
        "import time; time.time_ns()",
        "from time import time",
        "from datetime import datetime; datetime.now()",
        "import datetime; datetime.datetime.now()",
        "import time; time.clock_gettime(time.CLOCK_REALTIME)",
    ],
)
def test_a_reading_is_found(line: str) -> None:
    assert readings(line) == [1]


def test_a_clock_that_only_goes_forward_is_no_wall_clock() -> None:
    assert readings("import time; time.monotonic_ns(); time.sleep(1); time.thread_time_ns()") == []


def test_the_wall_clock_names_files_and_nothing_else() -> None:
    found = {path.name: len(readings(path.read_text())) for path in PLAYING}

    assert {name: count for name, count in found.items() if count} == MAY
