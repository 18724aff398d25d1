"""The wall clock is moved by an hour, again and again: no note moves."""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from antiphon.bridge import journal, link, midi, sessions
from antiphon.bridge.config import Settings
from antiphon.bridge.timeline import Timeline
from performance import Live

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

MOVED = Path(__file__).parents[1] / "moved_clock"
FAR_NS = 1_000_000_000


def test_when_the_wall_clock_is_moved_no_event_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(MOVED), os.environ["PYTHONPATH"]]))
    settings = Settings(seed=3, bpm=120, metre=(4, 4), answer_beats=8)
    live = Live(tmp_path, settings)
    try:
        live.keys(random.Random(1), 4)
        live.turned("answering")
        live.turned("idle")
    finally:
        live.close()
    (path,) = sessions.newest_first(tmp_path)
    found = journal.read(path.read_bytes())

    assert found is not None
    ahead = datetime.fromisoformat(found.began.at) - datetime.now().astimezone()
    assert ahead > timedelta(minutes=50), "their wall clock really was another"
    timeline = Timeline.at(120, live.ready.origin_ns)
    ticks = [m.note.onset for m in live.told if isinstance(m, link.Planned)]
    began = [m for m in live.sent if midi.kind(m.message) == midi.NOTE_ON]
    assert [m.wanted_ns for m in began] == [timeline.time_at(tick) for tick in sorted(ticks)]
    assert max(m.done_ns - m.wanted_ns for m in live.sent) < FAR_NS
    turns = [event.at_ns for event in found.events if isinstance(event, journal.Turn)]
    assert all(0 <= then - now < 2 * FAR_NS for now, then in pairwise(turns))
    farewell = next(m for m in live.told if isinstance(m, link.Farewell))
    assert farewell.dropped == 0
    assert [m.present for m in live.told if isinstance(m, link.EngineIs)] == [True]
