"""Bits per note: what a model is judged by.

−log2 likelihood of all tokens of a piece (its first 4,096, `end` included when it falls inside)
over its notes; mean over a collection's pieces, then over the collections. Labels, timing, part and
countdown are unknown: most of them would tell the answer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import fmean

import numpy as np
import torch

from antiphon.engine import model as runtime
from antiphon.engine import vocabulary as vocab
from antiphon.engine.sampling import probabilities
from antiphon.engine.tokens import Column, Row

from .data import Corpus, Piece
from .model import Model
from .windows import Rows, body

LIMIT = 4096


def rows_to_judge(corpus: Corpus, piece: Piece, limit: int = LIMIT) -> Rows:
    """`start`, the piece's first `limit` tokens, and `end` if it fits (T, C)."""
    rows = body(corpus, piece, 0, limit)
    start = np.zeros((1, len(Column)), np.int64)
    end = start.copy()
    start[0, 0], end[0, 0] = vocab.START, vocab.END
    return np.concatenate([start, rows, end] if len(rows) < limit else [start, rows])


@torch.inference_mode()
def bits_per_note(model: Model, corpus: Corpus, piece: Piece, limit: int = LIMIT) -> float:
    """Bits per note of one piece; the window of attention slides, as it does when playing."""
    rows = torch.from_numpy(rows_to_judge(corpus, piece, limit))[None]
    targets = rows[:, 1:, : Column.VELOCITY + 1]
    ones = torch.ones(targets.shape[:2])
    of_token, of_velocity = model.losses(rows[:, :-1], targets, ones)
    nats = float(of_token.sum() + of_velocity.sum())
    return nats / math.log(2) / max(1, int((targets[..., 1] > 0).sum()))


def bits_per_note_of_bundle(
    model: runtime.Model, corpus: Corpus, piece: Piece, limit: int
) -> float:
    """The same of a bundle, token by token on the graph that plays; `limit` within one slot."""
    rows = [Row(*map(int, row)) for row in rows_to_judge(corpus, piece, limit)]
    slot = model.slot()
    bits, notes = 0.0, 0
    for row, following in pairwise(rows):
        slot.feed([row])
        bits -= math.log2(probabilities(slot.logits[0])[following.token])
        if following.velocity:
            drawn = probabilities(slot.velocity_logits(following.token))
            bits -= math.log2(drawn[following.velocity - 1])
            notes += 1
    return bits / max(1, notes)


def cost_of_bundle(
    network: Model, model: runtime.Model, corpus: Corpus, limit: int = 512, most: int = 2
) -> float:
    """Bits per note of a bundle over those of its network, on the same few pieces: 1 is no loss."""
    pieces = [p for group in corpus.by_collection().values() for p in group[:most]]
    of_bundle = fmean(bits_per_note_of_bundle(model, corpus, p, limit) for p in pieces)
    return of_bundle / fmean(bits_per_note(network, corpus, p, limit) for p in pieces)


def table(
    model: Model,
    corpus: Corpus,
    limit: int = LIMIT,
    most: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, float]:
    """Bits per note of each collection, and `macro`; at most `most` pieces of each."""
    result = {}
    for name, pieces in sorted(corpus.by_collection().items()):
        result[name] = fmean(bits_per_note(model, corpus, p, limit) for p in pieces[:most])
        tell(f"{name:22s} {result[name]:6.2f}")
    result["macro"] = fmean(result.values())
    return result
