"""What few bits cost and give: bits per note, time and size of one network stored in several ways.

All are measured side by side in one run, since only then can they be compared.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

from antiphon.engine import bundle
from antiphon.engine import model as runtime
from antiphon.engine.errors import UserError

from ..corpus.data import Corpus
from ..network import measure
from ..network.calibration import seen_by
from ..network.model import Model
from ..network.parity import fill, random_rows
from ..network.to_onnx import write_bundle
from ..progress import Progress

MOST_COST = 0.01
"""Part of its bits per note that a model may lose to few bits, and still be offered."""
ROWS, TOKENS, ROUNDS = 512, 16, 31
"""Rows in the cache when time is taken, tokens in a round, rounds; the median counts."""
PIECES, LIMIT = 2, 512
"""Pieces of each collection that bits per note are compared on, and the first tokens of each."""

Drafts = Mapping[int, bundle.Bundle]
"""The same network, by the bits of its weights."""


@dataclass(frozen=True, slots=True)
class Precision:
    """How one way of storing the weights does."""

    ms_per_token: float
    """Processor time of one thread for one token behind `ROWS` others."""
    megabytes: float
    bits_per_note: float | None = None
    """None where nothing was measured; so too the cost."""
    cost: float | None = None
    """Part of the bits per note lost against 32 bit: 0.01 is one per cent more."""


def drafts(
    network: Model, folder: Path, styles: tuple[str, ...], bits: int, prepared: Path | None
) -> dict[int, bundle.Bundle]:
    """Bundles of 32 and `bits` below `folder`; with prepared music of 8 and of 4 bits too."""
    wanted = {32, 8, 4} if prepared else {32, bits}
    seen = seen_by(network, Corpus.open(prepared / "train"), styles) if prepared else None
    return {
        n: write_bundle(
            network, folder / str(n), "", styles, bits=None if n == 32 else n, seen=seen
        )
        for n in sorted(wanted, reverse=True)
    }


def compared(network: Model, written: Drafts, prepared: Path | None) -> dict[int, Precision]:
    """Time and size of each, and with prepared music bits per note on its `valid` split."""
    models = {bits: runtime.Model(draft) for bits, draft in written.items()}
    times = ms_per_token(models)
    table = {
        bits: Precision(times[bits], sum(map(len, draft.graphs.values())) / 1e6)
        for bits, draft in written.items()
    }
    if prepared is None:
        return table
    bits_per_note = judged(network, models, Corpus.open(prepared / "valid"))
    return {
        bits: replace(p, bits_per_note=found, cost=found / bits_per_note[32] - 1)
        for (bits, p), found in zip(table.items(), bits_per_note.values(), strict=True)
    }


def judged(network: Model, models: Mapping[int, runtime.Model], corpus: Corpus) -> dict[int, float]:
    """Bits per note of each on the same few pieces; those of 32 bit by torch, which is quicker."""
    pieces = [p for group in corpus.by_collection().values() for p in group[:PIECES]]
    if not pieces:
        raise UserError("There is no piece in the valid split to measure bits per note on.")
    found: dict[int, list[float]] = {bits: [] for bits in models}
    progress = Progress("comparing precisions", len(pieces), sys.stderr)
    for piece in pieces:
        for bits, model in models.items():
            found[bits].append(
                measure.bits_per_note(network, corpus, piece, LIMIT)
                if bits == 32
                else measure.bits_per_note_of_bundle(model, corpus, piece, LIMIT)
            )
        progress.step()
    progress.end()
    return {bits: fmean(values) for bits, values in found.items()}


def ms_per_token(models: Mapping[int, runtime.Model]) -> dict[int, float]:
    """Processor time of this thread for a token, each model in turn in every round."""
    times: dict[int, list[float]] = {bits: [] for bits in models}
    slots = {bits: model.slot() for bits, model in models.items()}
    vocabulary = min(model.shape.vocabulary for model in models.values())
    rows = random_rows(vocabulary, ROWS + TOKENS)
    for _ in range(ROUNDS):
        for bits, slot in slots.items():
            slot.rewind(min(slot.length, ROWS))
            fill(slot, rows[:ROWS])
            slot.feed(rows[ROWS : ROWS + 1])  # what the others did to the processor's caches
            began = time.thread_time()
            for row in rows[ROWS + 1 :]:
                slot.feed([row])
            times[bits].append(1e3 * (time.thread_time() - began) / (TOKENS - 1))
    return {bits: median(values) for bits, values in times.items()}
