"""How far long work has come, on a clock that is moved by hand."""

from __future__ import annotations

from antiphon.bridge.progress import EVERY_NS, Progress


def test_it_is_said_now_and_then_how_much_is_done_and_how_long_the_rest_takes() -> None:
    said: list[str] = []
    now = [7_000_000_000]
    progress = Progress(100, 500, said.append, lambda: now[0])
    for at in range(100, 501, 10):
        progress.reached(at)
        now[0] += EVERY_NS // 4

    assert len(said) == 10
    assert said[0] == "10%, 18 s left"
    assert said[-1] == "100%, 0 s left"


def test_work_that_is_soon_done_says_nothing() -> None:
    said: list[str] = []
    progress = Progress(0, 10, said.append, lambda: 0)
    progress.reached(10)

    assert said == []
