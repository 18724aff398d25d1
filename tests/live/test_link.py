"""Ableton Link between two processes on a network that no packet leaves."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from antiphon.bridge import link_clock
from antiphon.bridge.timeline import Timeline
from antiphon.engine.errors import UserError
from link_pair import TEMPOS, run

BEATS = int(os.environ.get("ANTIPHON_LINK_BEATS", "8"))
"""64 for the full run."""
NEAR_NS = 3_000_000


@pytest.mark.real
@pytest.mark.slow
def test_two_peers_agree_on_tempo_beat_and_start() -> None:
    seen = run(BEATS)

    assert seen.bpm[0] == pytest.approx(TEMPOS[0], abs=0.5) or seen.bpm[0] == pytest.approx(
        TEMPOS[1], abs=0.5
    )
    assert seen.bpm[1] == pytest.approx(140, abs=0.5)
    assert max(seen.apart_ns) < NEAR_NS
    assert seen.playing == ["stopped", "running"]
    assert seen.left == "lost"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"antiphon\[link\]"):
        link_clock.LinkClock(Timeline.free(0))


def test_nothing_loads_it_unless_asked() -> None:
    loaded = "import sys, antiphon.bridge.link_clock as c; sys.exit('aalink' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loaded]).returncode == 0
