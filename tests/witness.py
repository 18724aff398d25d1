"""A witness who says nothing, for tests that want to know of some things only."""

from __future__ import annotations

from antiphon.bridge.effects import Plan, Turned
from antiphon.bridge.timeline import Timeline
from antiphon.engine.protocol import Error


class SilentWitness:
    """Is told everything that happens on a stage, and does nothing about it."""

    def played(self, now_ns: int, message: bytes) -> None:
        pass

    def planned(self, plan: Plan) -> None:
        pass

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        pass

    def turned(self, now_ns: int, turned: Turned) -> None:
        pass

    def released(self, now_ns: int) -> None:
        pass

    def recalled(self, from_ns: int) -> None:
        pass

    def retimed(self, now_ns: int, timeline: Timeline) -> None:
        pass

    def said(self, now_ns: int, text: str) -> None:
        pass

    def troubled(self, now_ns: int, error: Error) -> None:
        pass
