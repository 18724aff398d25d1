"""The proof that a graph is its network: torch's logits and the graph's, side by side.

Rows are drawn over everything each column can say, mixed tokens too, and the cache is looked at
empty, at the seams of chunks, beyond attention's window and where it slides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from antiphon.engine import bundle
from antiphon.engine import model as runtime
from antiphon.engine.errors import InternalError
from antiphon.engine.slots import CHUNK, Slot
from antiphon.engine.tokens import Column, Row
from antiphon.engine.vocabulary import LENGTH, NOTE, STYLE

from .model import Model, column_sizes

LENGTHS = (0, 1, 31, 511, 1023, 1535, 4095)
"""Rows in the cache before the one that is compared."""
PARITY = 1e-3
"""Largest difference of a logit that is rounding and not a fault."""


def prove(network: Model, written: bundle.Bundle) -> float:
    """`largest_difference` at `LENGTHS`; InternalError if it is more than `PARITY`."""
    difference = largest_difference(network, written)
    if not difference <= PARITY:
        raise InternalError(f"The graph is not the network: logits differ by {difference:.2g}.")
    return difference


@torch.inference_mode()
def largest_difference(
    network: Model, written: bundle.Bundle, lengths: Sequence[int] = LENGTHS
) -> float:
    """Largest difference between torch and a bundle of any logit of the next token or velocity.

    `lengths` ascend; the last is at most the context less one.
    """
    rows = random_rows(network.cfg.vocabulary, lengths[-1] + 1)
    table = network.table()
    states = network.states(torch.tensor([rows]), table)[0, list(lengths)]
    tokens = network.logits(states, table).numpy()
    velocities = network.velocity_logits(states, table[NOTE]).numpy()
    slot = runtime.Model(written).slot()
    worst = 0.0
    for length, token, velocity in zip(lengths, tokens, velocities, strict=True):
        fill(slot, rows[:length])
        slot.decode(rows[length])
        for here, there in ((slot.logits, token), (slot.velocity_logits(NOTE), velocity)):
            worst = float(np.maximum(worst, np.abs(here - there).max()))  # NaN is the worst of all
    return worst


def random_rows(vocabulary: int, count: int) -> list[Row]:
    """Rows of everything a vocabulary of that size can say, the same at every call.

    Behind half the notes stands a length, so that many sound.
    """
    rng = np.random.default_rng(0)
    columns = [rng.integers(size, size=count) for size in column_sizes(vocabulary)]
    token = columns[Column.TOKEN]
    note = (token >= NOTE) & (token < STYLE)
    behind = 1 + np.flatnonzero(note[:-1] & (rng.random(count - 1) < 0.5))
    token[behind] = rng.integers(LENGTH, NOTE, size=len(behind))
    return [Row(*row) for row in np.stack(columns, axis=1).tolist()]


def fill(slot: Slot, rows: list[Row]) -> None:
    """Feed a slot those of `rows` that it does not hold yet."""
    while slot.length < len(rows):
        slot.prefill(rows[slot.length : slot.length + CHUNK])
