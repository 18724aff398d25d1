"""A pianist without a clock: the tempo is found, and the answer is on the pianist's beat."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from antiphon.bridge import journal, link, midi, ports, sessions
from antiphon.bridge.clock import SystemClock
from antiphon.bridge.replay import replay
from antiphon.engine.notes import TICKS_PER_BEAT
from band import Band, band, is_answer
from performances import performance
from standstill import Machine, watched

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

BPM, BARS = 97, 8
MELODY = (60, 62, 64, 65, 67, 65, 64, 62)
NEAR_NS = 25_000_000
"""As near as the pianist's own spread of ±20 ms and the way through two ports."""
BEAT_NS = 60e9 / BPM


def improvise(b: Band) -> int:
    """Play legato, with the spread of human timing; the moment of the first beat."""
    keys, clock = ports.open_output("Antiphon in"), SystemClock()
    start_ns = clock.now_ns()
    struck = performance(BPM, BARS, Random(5))
    ends = [ns for ns, _ in struck[1:]] + [struck[-1][0] + 300_000_000]
    for number, ((ns, velocity), end_ns) in enumerate(zip(struck, ends, strict=True)):
        pitch = MELODY[number % len(MELODY)]
        clock.sleep_until(start_ns + ns)
        keys.send(midi.note_on(0, pitch, velocity))
        clock.sleep_until(start_ns + end_ns - 1_000_000)
        keys.send(midi.note_off(0, pitch))
    keys.close()
    return start_ns + 10**9


def off_the_place_ns(at_ns: int, place: int, first_ns: int, machine: Machine) -> float:
    """How far a moment is from a place in the pianist's beat, 0..47 ticks from it.

    What came late only because the machine stood still is not.
    """
    since_ns = at_ns - first_ns - place * BEAT_NS / TICKS_PER_BEAT
    off_ns = (since_ns + BEAT_NS / 2) % BEAT_NS - BEAT_NS / 2
    return off_ns if off_ns < 0 else machine.took_ns(at_ns - round(off_ns), at_ns)


def test_an_answer_is_in_the_time_of_who_plays_without_a_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    options = ("--clock", "guess", "--grid", "beat", "--answer", "8")
    with watched() as machine, band(tmp_path, *options) as b:
        first_ns = improvise(b)
        b.listen(6.5)
        heard = [at for at, m in b.heard if is_answer(m) and midi.kind(m) == midi.NOTE_ON]
    found = journal.read(sessions.find(sessions.folder(), None).read_bytes())
    assert found is not None

    said = [event.text for event in found.events if isinstance(event, link.Troubled)]
    told = [text for text in said if text.endswith(" bpm, as you play.")]
    assert [abs(int(text.split()[0]) - BPM) <= 2 for text in told] == [True]
    line = [event.timeline for event in found.events if isinstance(event, link.Retimed)][-1]
    struck = [
        event.wanted_ns
        for event in found.events
        if isinstance(event, link.Sounded) and midi.kind(event.message) == midi.NOTE_ON
    ]
    assert len(heard) == len(struck) >= 4
    places = [line.tick_at(ns) % TICKS_PER_BEAT for ns in struck]
    assert places[0] == 0, "it begins on a beat"
    together = zip(heard, places, strict=True)
    off = [off_the_place_ns(at, place, first_ns, machine) for at, place in together]
    assert max(map(abs, off)) <= NEAR_NS, off
    assert replay(found).differing == 0
