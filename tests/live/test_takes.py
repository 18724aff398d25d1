"""Versions of an answer, made by the real engine."""

from __future__ import annotations

import time

import pytest

from antiphon.bridge.actions import Action
from antiphon.bridge.config import Settings
from antiphon.bridge.states import State
from jam import Jam, jam

pytestmark = pytest.mark.real

BPM = 480
"""So fast that nobody waits long; the model makes its notes no faster than at any other tempo."""


def pitches(j: Jam, since: int) -> list[int]:
    """Keys of what was planned since a number of plans."""
    return [plan.note.pitch for _, plan in j.room.plans[since:]]


def answered(j: Jam) -> bool:
    return j.stage.session.state is State.IDLE


def other(j: Jam) -> list[int]:
    """Hear another version to its end; what was planned of it."""
    heard = len(j.room.plans)
    j.act(Action.OTHER)
    j.until(lambda: answered(j))
    return pitches(j, heard)


def test_takes_are_different_and_each_can_be_the_one_that_counts() -> None:
    with jam(Settings(takes=3, answer_beats=8, bpm=BPM, seed=3)) as j:
        j.phrase(60, 62, 64, 67)
        j.act(Action.HANDOVER)
        j.run(0.4)
        first = pitches(j, 0)
        second = other(j)
        # From the top: the third take, then the first as it was.
        third, again = other(j), other(j)
        assert first
        assert again[: len(first)] == first
        assert second
        assert second != again[-len(second) :]
        assert third not in ([], again)
        j.act(Action.KEEP)
        j.phrase(65)
        j.act(Action.HANDOVER)
        j.run(0.4)
        j.stage.silence(time.monotonic_ns())
    assert not any(j.room.balance.values())


def test_an_answer_is_made_anew_but_for_the_bar_that_is_locked_and_undone() -> None:
    with jam(Settings(answer_beats=12, bpm=BPM, metre=(4, 4), seed=3)) as j:
        j.phrase(60, 62, 64, 67)
        j.act(Action.HANDOVER)
        j.run(0.65)
        j.act(Action.LOCK)  # the second bar of three, half a second each
        j.until(lambda: answered(j))
        first = [plan.note for _, plan in j.room.plans]
        start = first[0].onset
        bar = [(n.onset - start, n.pitch) for n in first if 192 <= n.onset - start < 384]
        heard = len(j.room.plans)
        j.act(Action.REROLL)
        j.until(lambda: answered(j))
        again = [plan.note for _, plan in j.room.plans[heard:]]
        where = {(n.onset - start, n.pitch) for n in again}
        moved = [{(at + 192 * bars, pitch) for at, pitch in bar} for bars in range(1, 10)]
        assert bar
        assert any(kept <= where for kept in moved)
        assert len(again) > len(bar)
        heard = len(j.room.plans)
        j.act(Action.UNDO)
        j.act(Action.OTHER)
        j.until(lambda: answered(j))
        # From the bar on in which it was asked for, which is another on a busy machine.
        assert len(pitches(j, heard)) >= len(first) / 4
    assert not any(j.room.balance.values())
