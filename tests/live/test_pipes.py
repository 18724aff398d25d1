"""The live path through pipes: what needs no MIDI system, with the shipped model."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

import pytest

from antiphon.bridge import link, midi, stamped
from antiphon.bridge.config import Settings
from antiphon.bridge.engine_process import EngineProcess
from antiphon.bridge.exchange import LEAD_NS
from antiphon.bridge.performer import Order
from antiphon.bridge.performer_process import PerformerProcess
from antiphon.bridge.timeline import Timeline

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

MS = 1_000_000
SHORT, LONG = 10, 1000
ROUNDS = 5
TICK_NS = 10_417_000
INTO_TICK_MS = 5
"""Where in a tick a phrase is made to end: far from where the start of the answer is rounded to the
next one, so that all that a pedal ends are rounded alike.
"""


@pytest.fixture
def engine() -> Iterator[EngineProcess]:
    process = EngineProcess()
    yield process
    process.close()


@contextmanager
def performer(engine: EngineProcess, settings: Settings) -> Iterator[tuple[PerformerProcess, int]]:
    read_fd, write_fd = os.pipe()
    order = Order(engine.endpoint, settings, phrase_fd=read_fd, sound=False)
    process = PerformerProcess(order)
    try:
        yield process, write_fd
    finally:
        process.close()
        os.close(read_fd)
        os.close(write_fd)


def play(fd: int, message: bytes) -> int:
    """Play it now; returns when that was."""
    now_ns = time.monotonic_ns()
    os.write(fd, stamped.arrived(now_ns, message))
    return now_ns


def ready(process: PerformerProcess) -> Timeline:
    origin_ns = None
    while True:
        for message in process.messages(0.05):
            if isinstance(message, link.Ready):
                origin_ns = message.origin_ns
            if isinstance(message, link.EngineIs) and origin_ns is not None:
                return Timeline.free(origin_ns)


def answer_delay_ns(engine: EngineProcess, notes: int, seed: int, pedal: bool) -> int:
    """From the moment the phrase was judged over to the first note of the answer."""
    with performer(engine, Settings(seed=seed, takes_turns=not pedal)) as (process, fd):
        timeline = ready(process)
        told: list[link.Message] = []
        for i in range(notes):
            pitch = 60 + i * 5 % 17
            # Read all along, as a supervisor does: what finds no room in the pipe is never told.
            told += process.messages(0)
            play(fd, midi.note_on(0, pitch, 80))
            time.sleep(0.004)
            if i == notes - 1:
                end = timeline.tick_at(time.monotonic_ns()) + 2
                moment_ns = timeline.time_at(end) + INTO_TICK_MS * MS
                time.sleep((moment_ns - time.monotonic_ns()) / 1e9)
            play(fd, midi.note_off(0, pitch))
        if pedal:
            play(fd, midi.control(0, midi.SOFT, 127))
        return _first_note(process, told)


def _first_note(process: PerformerProcess, told: list[link.Message]) -> int:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        told += process.messages(0.05)
        over = [m for m in told if isinstance(m, link.Turned) and m.state == "answering"]
        sounded = [m for m in told if isinstance(m, link.Sounded)]
        if over and sounded:
            return sounded[0].done_ns - over[-1].over_ns
    told += process.close()
    besides = [m for m in told if not isinstance(m, link.Played | link.Planned)]
    raise AssertionError(f"no answer came; what was told: {besides}")


@pytest.mark.parametrize("pedal", [False, True], ids=["silence", "pedal"])
def test_the_answer_comes_as_soon_after_a_long_phrase_as_after_a_short_one(
    engine: EngineProcess, pedal: bool
) -> None:
    short, long = (
        median(answer_delay_ns(engine, notes, seed, pedal) for seed in range(ROUNDS))
        for notes in (SHORT, LONG)
    )

    assert max(short, long) <= 30 * MS
    # A silence that is judged ends anywhere in a tick, and an answer begins with the next one.
    assert long / short < 1.5 if pedal else abs(long - short) <= TICK_NS
    assert pedal is False or short >= LEAD_NS


def test_what_is_read_late_was_played_when_it_was(engine: EngineProcess) -> None:
    with performer(engine, Settings()) as (process, fd):
        ready(process)
        os.kill(process.pid, signal.SIGSTOP)
        down_ns = play(fd, midi.note_on(0, 60, 80))
        time.sleep(0.05)
        up_ns = play(fd, midi.note_off(0, 60))
        os.kill(process.pid, signal.SIGCONT)
        told: list[link.Message] = []
        until = time.monotonic() + 5
        while len(played := [m for m in told if isinstance(m, link.Played)]) < 2:
            assert time.monotonic() < until
            told += process.messages(0.05)

    assert played == [
        link.Played(down_ns, midi.note_on(0, 60, 80)),
        link.Played(up_ns, midi.note_off(0, 60)),
    ]


def test_the_first_note_leaves_before_the_last_token_exists(engine: EngineProcess) -> None:
    settings = Settings(answer_beats=32, takes_turns=False)
    with performer(engine, settings) as (process, fd):
        ready(process)
        for pitch in (60, 64, 67, 72):
            play(fd, midi.note_on(0, pitch, 80))
            time.sleep(0.05)
            play(fd, midi.note_off(0, pitch))
        play(fd, midi.control(0, midi.SOFT, 127))
        told: list[link.Message] = []
        until = time.monotonic() + 4
        while time.monotonic() < until:
            told += process.messages(0.05)

    sounded = [i for i, m in enumerate(told) if isinstance(m, link.Sounded)]
    planned = [i for i, m in enumerate(told) if isinstance(m, link.Planned)]
    assert sounded[0] < planned[-1], "notes were still being decided when the first one left"
    assert len(planned) > 10
