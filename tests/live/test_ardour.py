"""A real DAW, without screen: Ardour records what the plugin answers, loops, saves and exports."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ardour import FRAMES, Ardour, Note, export, install, jack_server
from engines import EngineProcess
from studio import plugins

pytestmark = [pytest.mark.real, pytest.mark.slow]

PHRASE = (60, 64, 67)
BAR = 4
TAKE = 16 * BAR
"""Each test has as much of the song for itself, and begins a bar later."""
TICK = 1 / 48
OVERRUN = 2 * FRAMES / 12_000
"""On a busy machine Ardour itself rolls past the end of a loop before it jumps back, at 240 bpm 275
frames of 12,000 in a quarter; what is due there sounds and is recorded there."""
ROUNDING = 2 / 1920
"""Ardour keeps recorded notes in 1920ths of a quarter; at 240 bpm one is six frames."""


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as engine:
        yield engine


@pytest.fixture(scope="module", params=["LV2", "VST3"])
def daw(
    request: pytest.FixtureRequest, engine: EngineProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ardour]:
    home = tmp_path_factory.mktemp(request.param)
    install(home, request.param, plugins())
    with jack_server(), Ardour(home, home / "jam") as daw:
        assert daw.do("format()") == request.param
        daw.do("tempo(240, 0)")
        daw.do(f"set('Port', {engine.port})")
        daw.do("set('Answers with', 18)")
        yield daw


def roll(daw: Ardour, place: float, bars: int, how: str = "roll()") -> None:
    """Record from a place on, with answers of so many bars.

    Never from the very beginning: Ardour cannot roll before it, and what one track plays to another
    is then recorded too early by the latency of its output.
    """
    daw.do(f"set('Bars', {bars})")
    daw.until(lambda: daw.do("get('Connected')"))
    daw.do(f"locate({place})")
    daw.do(how)
    daw.listen(0.1)


def ask(daw: Ardour) -> None:
    """Play a phrase, and wait until the answer sounds."""
    before = len(daw.heard)
    daw.phrase(*PHRASE)
    daw.until(lambda: len(daw.heard) > before and daw.sounding())


def recorded(daw: Ardour, track: str, start: float) -> list[Note]:
    """The notes of the take that began there."""
    return daw.notes(track, start, start + TAKE)


def beginnings(daw: Ardour, start: float) -> list[float]:
    """Where the answer to each phrase of a take began."""
    ends = [note.time for note in recorded(daw, "You", start) if note.key == PHRASE[-1]]
    answers = recorded(daw, "Answers", start)
    return [next(note.place for note in answers if note.time > end) for end in ends]


def off(place: float, grid: float) -> float:
    """How far a place is from the nearest line of a grid."""
    return abs(place - round(place / grid) * grid)


def test_the_answer_is_recorded_on_the_bar_saved_and_exported(daw: Ardour) -> None:
    start = BAR
    roll(daw, start, bars=2)
    ask(daw)
    daw.listen(1)
    daw.stop()

    (begun,) = beginnings(daw, start)
    assert off(begun, BAR) <= ROUNDING
    assert [note.key for note in recorded(daw, "You", start)] == list(PHRASE)

    kept = {name: daw.do(f"get('{name}')") for name in ("Port", "Bars", "Answers with", "Thru")}
    before = recorded(daw, "Answers", start)
    with daw.closed():
        sound = export(daw.home, daw.folder)
    assert np.sqrt(np.mean(sound**2)) > 0.001
    assert {name: daw.do(f"get('{name}')") for name in kept} == kept
    assert kept["Bars"] == 2
    assert recorded(daw, "Answers", start) == before


def test_a_new_tempo_in_the_answer_leaves_it_and_the_next_in_time(daw: Ardour) -> None:
    start = 3 * TAKE + BAR
    daw.do(f"tempo(192, {start + 10})")
    roll(daw, start, bars=4)
    ask(daw)
    daw.until_place(start + 12)
    ask(daw)
    daw.listen(0.5)
    daw.stop()

    begun = beginnings(daw, start)
    assert len(begun) == 2
    assert begun[0] < start + 10 < begun[1]
    assert all(off(place, BAR) <= ROUNDING for place in begun)
    assert all(off(note.place, TICK) <= ROUNDING for note in recorded(daw, "Answers", start))


def test_a_loop_leaves_no_note_and_answers_on_the_bar(daw: Ardour) -> None:
    start = TAKE + BAR
    roll(daw, start, bars=4, how=f"loop({start}, {start + 2 * BAR})")
    for _ in range(2):
        ask(daw)
        daw.until_place(start + 1.5 * BAR)
        daw.until(lambda: daw.do("place()") < start + 0.5 * BAR)
    daw.stop()

    begun = beginnings(daw, start)
    assert len(begun) == 2
    assert all(off(place, BAR) <= ROUNDING for place in begun)
    places = [note.place - start for note in recorded(daw, "Answers", start)]
    assert [place for place in places if not 0 <= place < 2 * BAR + OVERRUN] == []


def test_an_engine_killed_in_its_answer_leaves_no_note_and_comes_back(
    daw: Ardour, engine: EngineProcess
) -> None:
    start = 2 * TAKE + BAR
    roll(daw, start, bars=16)
    ask(daw)
    engine.kill()
    daw.until(lambda: not daw.sounding())
    engine.start()
    daw.until(lambda: daw.do("get('Connected')"))
    ask(daw)
    daw.listen(0.5)
    daw.stop()

    begun = beginnings(daw, start)
    assert len(begun) == 2
    assert all(off(place, BAR) <= ROUNDING for place in begun)
