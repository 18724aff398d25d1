from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from antiphon.bridge import link
from antiphon.bridge.ending import Wish
from antiphon.bridge.recording import Recording
from antiphon.bridge.scene import Scene
from antiphon.bridge.screen import Screen
from antiphon.bridge.supervisor import FROZEN_NS, PATIENCE_NS, Supervisor
from antiphon.bridge.timeline import Timeline
from antiphon.engine.errors import EngineLost, MachineError

SECOND = 1_000_000_000


class Clock:
    """Time passes where it is told to."""

    now = 0

    def now_ns(self) -> int:
        return self.now


class Parts:
    """Engine, performer and phrase player, as far as a supervisor sees them."""

    def __init__(self, clock: Clock, script: dict[int, link.Message]) -> None:
        self.clock, self.script = clock, script
        self.alive = True
        self.gone: EngineLost | None = None
        self.forced: list[int] = []

    def messages(self, timeout_s: float) -> Iterator[link.Message]:
        if self.clock.now in self.script:
            yield self.script[self.clock.now]
        self.clock.now += SECOND // 10

    def revive(self, *, force: bool = False) -> bool:
        if self.gone:
            raise self.gone
        if force:
            self.forced.append(self.clock.now)
        return force

    def poll(self) -> int:
        return 0


def supervised(
    monkeypatch: pytest.MonkeyPatch, script: dict[int, link.Message]
) -> tuple[Supervisor, Scene, Parts, Wish]:
    clock = Clock()
    monkeypatch.setattr("antiphon.bridge.supervisor.SystemClock", lambda: clock)
    parts, scene, wish = Parts(clock, script), Scene(120), Wish()
    stand_in: Any = parts
    supervisor = Supervisor(stand_in, stand_in, Screen(live=False), scene, wish)
    return supervisor, scene, parts, wish


def phrase(parts: Parts, scene: Scene) -> Any:
    scene.recording, scene.engine = Recording(Timeline.free(0)), True
    return lambda timeline: parts


def test_a_phrase_without_an_answer_is_given_up_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor, scene, parts, _ = supervised(monkeypatch, {})
    supervisor.run(phrase(parts, scene))
    assert isinstance(scene.error, MachineError)
    assert str(scene.error) == "No answer came within 15 s."
    assert 0 < parts.clock.now - PATIENCE_NS < SECOND


def test_waiting_for_an_engine_is_not_held_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    script: dict[int, link.Message] = {
        SECOND: link.Turned(0, 0, "recovering"),
        20 * SECOND: link.Turned(0, 0, "answering"),
        40 * SECOND: link.Turned(0, 0, "idle"),
    }
    supervisor, scene, parts, _ = supervised(monkeypatch, script)
    supervisor.run(phrase(parts, scene))
    assert (scene.error, scene.answers) == (None, 1)


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("idle", "The rest of the answer is left out. Your turn."),
        ("answering", "Answering …"),
        ("listening", "Listening …"),
    ],
)
def test_what_becomes_of_an_answer_whose_engine_was_lost_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], on: str, said: str
) -> None:
    script: dict[int, link.Message] = {
        SECOND: link.Turned(0, 0, "answering"),
        2 * SECOND: link.Turned(0, 0, "recovering"),
        3 * SECOND: link.Turned(0, 0, on),
        4 * SECOND: link.Troubled("Enough.", 2),
    }
    supervisor, _, _, _ = supervised(monkeypatch, script)
    supervisor.run(None)
    waiting = "The engine is gone; waiting for it …"
    assert capsys.readouterr().out.splitlines() == ["Answering …", waiting, said]


def test_an_answer_that_was_played_whole_is_not_said_to_be_cut_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script: dict[int, link.Message] = {
        SECOND: link.Turned(0, 0, "answering"),
        2 * SECOND: link.Turned(0, 0, "idle"),
        3 * SECOND: link.Troubled("Enough.", 2),
    }
    supervisor, _, _, _ = supervised(monkeypatch, script)
    supervisor.run(None)
    assert capsys.readouterr().out.splitlines() == ["Answering …", "Your turn."]


def test_an_engine_that_lives_and_is_missed_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    script: dict[int, link.Message] = {
        SECOND: link.EngineIs(False, ""),
        3 * SECOND: link.EngineIs(True, ""),
        9 * SECOND: link.Troubled("Enough.", 2),
    }
    supervisor, _, parts, _ = supervised(monkeypatch, script)
    supervisor.run(None)
    assert len(parts.forced) == 1
    assert 0 < parts.forced[0] - SECOND - FROZEN_NS < SECOND


def test_a_lost_engine_and_a_dead_performer_are_errors_and_a_wish_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    supervisor, scene, parts, wish = supervised(monkeypatch, {})
    parts.gone = EngineLost("It will not start.")
    supervisor.run(None)
    assert scene.error is parts.gone

    supervisor, scene, parts, wish = supervised(monkeypatch, {})
    parts.alive = False
    supervisor.run(None)
    assert scene.error is not None
    assert "performer ended" in str(scene.error)

    supervisor, scene, parts, wish = supervised(monkeypatch, {})
    wish.make()
    supervisor.run(None)
    assert scene.error is None
