"""Whether the instruments asked for all come in, and in time."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np

from antiphon.engine.notes import INSTRUMENTS
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.wishes import Constraints

from ..corpus.table import Ints
from .conversation import Player
from .phrases import FREE_BAR
from .targets import Figures

FEWEST, MOST = 3, 6
"""Instruments asked for at once."""
BARS = 8
LISTENED_BARS = 10


def entrances(player: Player, count: int) -> Figures:
    """How many bands, drawn at random, are all in within eight bars, and when they are."""
    return summed_up([_last_in(player, seed) for seed in range(count)])


def summed_up(bars: Sequence[float]) -> Figures:
    """Of the bars until each band was all in, infinite where it never was."""
    came = [until for until in bars if until < np.inf]
    figures = {
        "bands all in within 8 bars": fmean(until <= BARS for until in bars),
        "bands never all in": 1 - len(came) / len(bars),
    }
    if came:
        figures["bars until all are in, mean"] = fmean(came)
        figures["bars until all are in, most"] = max(came)
    return figures


def _last_in(player: Player, seed: int) -> float:
    """Bars until a band drawn with a seed is all in; infinite if it never is."""
    rng = np.random.default_rng(seed)
    band = rng.permutation(len(INSTRUMENTS))[: rng.integers(FEWEST, MOST + 1)].tolist()
    opened = Open(1, seed, constraints=Constraints(tuple(band)))
    request = Answer(1, 1, 0, LISTENED_BARS * FREE_BAR, prompt=True)
    return bars_until_all_in(player.answer(opened, request).notes, band)


def bars_until_all_in(notes: Ints, band: list[int]) -> float:
    """Bars of four beats, from tick 0, until the last of a band is first heard."""
    heard = (notes[notes[:, 1] == instrument, 0] for instrument in band)
    return max(float(onset[0]) if len(onset) else np.inf for onset in heard) / FREE_BAR
