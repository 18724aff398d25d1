"""Fits the judge to players who show what their silences were, and plays it to such players.

What a player shows hangs on when the judge takes over, and that on what was shown before: so songs
are played silence by silence, to players of some eagernesses side by side. To learn from, each song
is played once by a judge that is shown nothing, at an eagerness by lot.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .judge import Floats, Ints, Network, waits_ms
from .shown import MOST_MOMENTS, Outcome, likeness, shown_cues
from .turn_fitting import Rows, learnt, of_kind

EAGERNESS_BY_LOT = 0.25, 0.7

Judge = Callable[[int, Floats], tuple[Floats, Floats]]
"""Chances (players, K + 1) of ends and of what goes on, of a row and what was shown before it."""


def trained(rows: Rows, kind: str, seed: int = 0) -> Network:
    """A network for "free" time or for "bars" that has learnt from rows. [may block]"""
    cues = of_kind(rows.cues, kind)
    ends, goes_on = learnt(cues, rows, seed).chances(cues)
    chance = np.random.default_rng(seed)
    shown = np.concatenate([
        rehearsed(rows, song, kind, np.array([chance.uniform(*EAGERNESS_BY_LOT)]),
                  lambda row, _: (ends[[row]], goes_on[[row]]))[0][:, 0]
        for song in _songs(rows)
    ])  # fmt: skip
    return learnt(np.hstack([cues, shown]), rows, seed)


def waited_ms(rows: Rows, kind: str, network: Network, eagerness: Floats) -> Floats:
    """How long (N, players) a network waits in each silence, as eager as each of the players."""
    cues = of_kind(rows.cues, kind)

    def judge(row: int, shown: Floats) -> tuple[Floats, Floats]:
        alike = np.broadcast_to(cues[row], (len(shown), cues.shape[1]))
        return network.chances(np.hstack([alike, shown]))

    played = [rehearsed(rows, song, kind, eagerness, judge)[1] for song in _songs(rows)]
    return np.concatenate(played)


def rehearsed(
    rows: Rows, song: Ints, kind: str, eagerness: Floats, judge: Judge
) -> tuple[Floats, Floats]:
    """Play the rows of a song (N,) to players.

    Returns what they had shown before each silence (N, players, cues), and the waits (N, players).
    """
    moments = rows.moments[song].copy()
    if kind == "free":
        moments[:, 4:] = np.nan
    outcomes = np.zeros((len(song), len(eagerness)), np.int64)
    waits = np.zeros(outcomes.shape)
    shown = []
    for i, row in enumerate(song):
        before = slice(max(i - MOST_MOMENTS, 0), i)
        shown.append(shown_cues(likeness(moments[i], moments[before]), outcomes[before]))
        waits[i] = rows.paced_ms[row]
        if np.isnan(rows.paced_ms[row]):
            waits[i] = waits_ms(*judge(int(row), shown[-1]), eagerness)
        outcomes[i] = outcome(rows.ends[row], rows.ms[row] > waits[i])
    return np.array(shown), waits


def outcome(ends: int, over: NDArray[np.bool_]) -> Ints:
    """What players show of a silence; `over` says of each whether it was taken over.

    Nobody knows what a player makes of an answer in a silence that counts neither way.
    """
    told = {1: Outcome.RIGHT, 0: Outcome.FALSE, -1: Outcome.UNKNOWN}[int(ends)]
    return np.where(over, told, Outcome.WENT_ON)


def _songs(rows: Rows) -> list[Ints]:
    """The rows of each song."""
    return np.split(np.arange(len(rows.songs)), np.flatnonzero(np.diff(rows.songs)) + 1)
