"""A real engine in a process of its own, real sockets, players in real time."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.engine.errors import EngineLost
from antiphon.export.bench.child import Child, started
from antiphon.export.bench.live import load
from antiphon.export.bench.player import PLAYED
from bundles import tiny_folder

pytestmark = pytest.mark.real


def test_players_play_and_are_answered() -> None:
    seconds: list[None] = []
    found = load(tiny_folder(), 3, 3, notes_a_second=80, told=lambda: seconds.append(None))

    assert (found.sessions, found.refused, len(seconds)) == (3, 0, 3)
    assert found.room > 3
    assert found.answers >= 3
    assert found.events_a_second > PLAYED / 3
    assert 0 < found.start_ms["p50"] <= found.start_ms["p95"] <= found.start_ms["max"]
    assert found.late <= found.answers
    assert 0 < found.busy < 3
    assert found.memory_mb > 20


def test_an_engine_says_how_soon_it_was_ready_and_what_it_took() -> None:
    start = started(tiny_folder())

    assert start.ready_s > 0
    assert 0 < start.cpu_s < 60
    assert 20 < start.memory_mb < 2000


def test_memory_is_the_engines_own_and_not_its_parents() -> None:
    ballast = bytes(range(256)) * 2**22
    child = Child(tiny_folder())
    taken = child.close()

    assert 20 < taken.memory_mb < len(ballast) / 1e6


def test_an_engine_that_cannot_start_is_lost(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineLost, match="did not start"):
        Child(tmp_path)
    assert "bundle" in capfd.readouterr().err
