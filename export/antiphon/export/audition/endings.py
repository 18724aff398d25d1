"""Whether a piece ends when it is asked to, and by its own mark of the end."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median
from typing import NamedTuple

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
    late: float | None
    """Beats from that tick to where the last note is over; negative if it is over before, None if
    there is no note at all.
    """


def endings(player: Player, count: int) -> Figures:
    """How so many pieces end that are made from nothing and asked to end."""
    return summed_up([_ending(player, seed) for seed in range(count)])


def summed_up(ended: Sequence[Ending]) -> Figures:
    """Share of pieces that ended of themselves, and how far from the tick asked for they fade.

    One without a note has not ended.
    """
    missed = [abs(ending.late) for ending in ended if ending.late is not None]
    figures = {
        "ended within a bar": fmean(e.of_itself and e.late is not None for e in ended),
        "pieces without a note": 1 - len(missed) / len(ended),
    }
    if missed:
        figures["beats from the ending to silence, median"] = median(missed)
        figures["beats from the ending to silence, most"] = max(missed)
    return figures


def _ending(player: Player, seed: int) -> Ending:
    request = Answer(1, 1, 0, ENDS + 2 * FREE_BAR, prompt=True, ends=ENDS)
    notes, reason = player.answer(Open(1, seed), request)
    late = (int(notes[:, 3].max()) - ENDS) / TICKS_PER_BEAT if len(notes) else None
    return Ending(reason == "end", late)
