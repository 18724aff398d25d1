"""What few bits cost and give: bits per note, time and size of one network stored in several ways.

All are measured side by side in one run, since only then can they be compared.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, median

from antiphon.engine import bundle
from antiphon.engine import model as runtime
from antiphon.engine.errors import UserError

from ..corpus.data import Corpus, Piece
from ..network import measure
from ..network.calibration import seen_by, steps_of
from ..network.model import Model
from ..network.origin import Origin
from ..network.parity import fill, random_rows
from ..network.to_onnx import write_bundle
from ..progress import Progress

MOST_COST = 0.01
"""Part of its bits per note that a model may lose to few bits, and still be offered."""
ROWS, TOKENS, ROUNDS = 512, 16, 31
"""Rows in the cache when time is taken, tokens in a round, rounds; the median counts."""
PIECES, LIMIT = 30, 512
"""Pieces that bits per note are compared on, evenly from the collections, and of each the first
tokens; more of each where there are fewer pieces.
"""
FEWEST = 2000
"""Notes without which nothing is said of the cost: over 80 it came out as 3 %, by chance."""

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
    taken: Origin, network: Model, folder: Path, bits: int, prepared: Path | None
) -> dict[int, bundle.Bundle]:
    """Bundles of 32 and `bits` below `folder`; with prepared music of 8 and of 4 bits too.

    In few bits so are keys and values, unless nobody knows how far they reach. Raises UserError for
    4 bits where too little is held out to measure their cost on.
    """
    if bits == 4 and prepared and not measured_on(Corpus.open(prepared / "valid")):
        raise UserError(
            f"{prepared} has too little in its valid split to measure 4 bits on: prepare more "
            "music, or say in a manifest.csv what is held out."
        )
    wanted = {32, 8, 4} if prepared else {32, bits}
    seen, steps = None, taken.steps
    if prepared:
        corpus = Corpus.open(prepared / "train")
        seen = seen_by(network, corpus, taken.styles)
        steps = steps_of(network, corpus, taken.styles)
    return {
        n: write_bundle(
            network, folder / str(n), "", taken.styles,
            bits=n if n < 32 else None, seen=seen, steps=steps if n < 32 else None,
        )
        for n in sorted(wanted, reverse=True)
    }  # fmt: skip


def compared(network: Model, written: Drafts, prepared: Path | None) -> dict[int, Precision]:
    """Time and size of each; bits per note, if prepared music has enough in its `valid` split."""
    models = {bits: runtime.Model(draft) for bits, draft in written.items()}
    times = ms_per_token(models)
    table = {
        bits: Precision(times[bits], sum(map(len, draft.graphs.values())) / 1e6)
        for bits, draft in written.items()
    }
    valid = Corpus.open(prepared / "valid") if prepared else None
    if valid is None or not measured_on(valid):
        return table
    bits_per_note = judged(network, models, valid)
    return {
        bits: replace(p, bits_per_note=found, cost=found / bits_per_note[32] - 1)
        for (bits, p), found in zip(table.items(), bits_per_note.values(), strict=True)
    }


def measured_on(valid: Corpus) -> list[Piece]:
    """The pieces that bits per note are compared on; none if they have too few notes."""
    groups = valid.by_collection().values()
    each = -(-PIECES // max(1, len(groups)))
    pieces = [piece for group in groups for piece in group[:each]]
    limit = limit_for(pieces)
    notes = sum(piece.n_notes * min(1, limit / piece.length) for piece in pieces)
    return pieces if notes >= FEWEST else []


def limit_for(pieces: Sequence[Piece]) -> int:
    """Tokens taken of each: of few pieces more, so that all together are about as many."""
    return max(LIMIT, min(measure.LIMIT, PIECES * LIMIT // max(1, len(pieces))))


def judged(network: Model, models: Mapping[int, runtime.Model], corpus: Corpus) -> dict[int, float]:
    """Bits per note of each on the same few pieces; those of 32 bit by torch, which is quicker."""
    pieces = measured_on(corpus)
    limit = limit_for(pieces)
    judges = {bits: measure.bundle(model, limit) for bits, model in models.items()}
    judges[32] = measure.network(network, limit)
    found: dict[int, list[float]] = {bits: [] for bits in judges}
    progress = Progress("comparing precisions", len(pieces), sys.stderr)
    for piece in pieces:
        for bits, judge in judges.items():
            found[bits].append(judge(corpus, piece).per_note)
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
            slot.decode(rows[ROWS])  # what the others did to the processor's caches
            began = time.thread_time()
            for row in rows[ROWS + 1 :]:
                slot.decode(row)
            times[bits].append(1e3 * (time.thread_time() - began) / (TOKENS - 1))
    return {bits: median(values) for bits, values in times.items()}
