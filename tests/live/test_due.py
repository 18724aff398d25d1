"""Notes leave when they are due, whatever the machine does besides.

The real performer, the real engine deciding notes all the while, and a core that is busy with
something else. `SENT_EVENTS=10000` is for a measurement; the figures are printed. With real time
the first of six goes counts in which the machine was there, see `standstill`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from antiphon.bridge import link
from antiphon.bridge.config import Settings
from antiphon.bridge.percentile import percentile
from antiphon.engine.notes import DRUMS
from performance import Live
from standstill import TRIES, Machine, undisturbed, watched
from timed_performer import timed

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

EVENTS = int(os.environ.get("SENT_EVENTS", "600"))
PATIENCE_S = 30 + EVENTS / 20
NEAR_NS = 1_000_000
SHARE = 0.999
"""What must leave so near to its time, where real time is granted; it is less without."""
FIRST = 16
"""Messages at the beginning that are left out: their notes are known only when they are due."""
BAND = Settings(
    bpm=480, answer_beats=10**5, instruments=(0, 4, 5, DRUMS), seed=3, takes_turns=False
)


@contextmanager
def busy_core() -> Iterator[None]:
    """Something that takes all of a core it can get."""
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


class Sent(NamedTuple):
    """What was sent in one go."""

    messages: list[link.Sounded]
    machine: Machine
    real_time: bool
    """Whether the system granted it."""

    @property
    def disturbance(self) -> float:
        """Of the machine, meanwhile."""
        return self.machine.disturbance(self.machine.begin_ns, self.machine.end_ns)

    @property
    def late_ns(self) -> list[int]:
        """How late each left; while the machine stands still nobody is late, see `standstill`."""
        return [self.machine.took_ns(m.wanted_ns, m.done_ns) for m in self.messages]


def send(folder: Path, *, ordinary: bool) -> Sent:
    live = Live(folder / "journal", BAND, partial(timed, folder=folder, ordinary=ordinary))
    try:
        with watched() as machine, busy_core():
            live.performer.act("handover")
            live.sounded(FIRST + EVENTS, PATIENCE_S)
    finally:
        live.close()
    # Those of the end were cut off.
    sent = live.sent[FIRST : FIRST + EVENTS]
    assert all(message.wanted_ns <= message.done_ns for message in sent), "one left too soon"
    return Sent(sent, machine, live.ready.realtime)


def told(sent: Sent) -> str:
    late = sent.late_ns
    figures = ", ".join(f"p{p} {percentile(late, p) / 1e6:.3f}" for p in (50, 95, 99))
    share = sum(ns <= NEAR_NS for ns in late) / len(late)
    return (
        f"{'SCHED_FIFO' if sent.real_time else 'no SCHED_FIFO'}: {len(late)} events, {figures},"
        f" worst {max(late) / 1e6:.3f} ms, {share:.2%} within 1 ms;"
        f" the machine stood still for {sent.machine.share:.1%} of the time"
    )


@pytest.mark.timeout(TRIES * PATIENCE_S)
@pytest.mark.parametrize("ordinary", [False, True], ids=["real time", "ordinary"])
def test_what_is_due_leaves_within_a_millisecond(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ordinary: bool
) -> None:
    def play() -> Sent:
        return send(tmp_path / str(next(numbers)), ordinary=ordinary)

    numbers = count()
    sent = play() if ordinary else undisturbed(play, attrgetter("disturbance"))
    with capsys.disabled():
        print(f"\n{told(sent)}")  # noqa: T201

    assert len(sent.late_ns) == EVENTS
    if sent.real_time:
        assert sum(ns <= NEAR_NS for ns in sent.late_ns) >= SHARE * EVENTS
