"""Whether a piece ends when it is asked to, and by its own mark of the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from antiphon.engine.notes import TICKS_PER_BEAT
from antiphon.engine.protocol import Answer, Open

from .conversation import Player
from .phrases import FREE_BAR
from .targets import Figures

ENDS = 80 * TICKS_PER_BEAT
"""Ticks: 40 seconds at 120 beats a minute."""


class Ending(NamedTuple):
    """How a piece ended."""

    of_itself: bool
    """By the mark of the end, which the engine allows within a bar of the tick asked for."""
    late: float
    """Beats from that tick to where the last note is over; negative if it is over before."""


def endings(player: Player, count: int) -> Figures:
    """How so many pieces end that are made from nothing and asked to end."""
    return summed_up([_ending(player, seed) for seed in range(count)])


def summed_up(ended: Sequence[Ending]) -> Figures:
    """Share of pieces that ended of themselves, and how far from the tick asked for they fade."""
    missed = np.abs([ending.late for ending in ended])
    return {
        "ended within a bar": float(np.mean([ending.of_itself for ending in ended])),
        "beats from the ending to silence, median": float(np.median(missed)),
        "beats from the ending to silence, most": float(missed.max()),
    }


def _ending(player: Player, seed: int) -> Ending:
    request = Answer(1, 1, 0, ENDS + 2 * FREE_BAR, prompt=True, ends=ENDS)
    notes, reason = player.answer(Open(1, seed), request)
    return Ending(reason == "end", (int(notes[:, 3].max()) - ENDS) / TICKS_PER_BEAT)
