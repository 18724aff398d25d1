"""The collector of garbage: off while anybody plays, on again when the server is gone."""

from __future__ import annotations

import gc

from antiphon.engine.collector import Collector


class Circle:
    """What only the collector can end."""

    ended = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Circle.ended += 1


def test_it_looks_when_the_last_session_is_closed_and_never_before() -> None:
    Circle.ended = 0
    with Collector() as collector:
        for empty in (True, False, False):
            for _ in range(5000):
                Circle()
            collector.look(empty)
        assert Circle.ended == 0
        collector.look(True)
        assert Circle.ended == 15_000
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
