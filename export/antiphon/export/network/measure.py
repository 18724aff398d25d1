"""Bits per note: what a model is judged by.

−log2 likelihood of all tokens of a piece (its first 4,096, `end` included when it falls inside)
over its notes; mean over a collection's pieces, then over the collections. Labels, timing, part and
countdown are unknown: most of them would tell the answer. What telling one of them is worth can be
measured all the same, by asking for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np
import torch

from antiphon.engine import model as runtime
from antiphon.engine import vocabulary as vocab
from antiphon.engine.sampling import probabilities
from antiphon.engine.tokens import Column, Row

from ..corpus.data import Corpus, Piece
from .model import Model
from .windows import Label, Rows, body, label_ids, mark, plain

LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Told:
    """What a model is told of a piece besides its tokens."""

    labels: tuple[Label, ...] = ()
    timing: bool = False
    chord: bool = True
    whole: bool = False
    """Part and countdown."""


USUAL = Told()
"""What figures are given for, if nothing else is said."""


def rows_to_judge(corpus: Corpus, piece: Piece, limit: int = LIMIT, told: Told = USUAL) -> Rows:
    """Labels told, `start`, the piece's first `limit` tokens, and `end` if it fits (T, C)."""
    rows = body(corpus, piece, 0, limit)
    if told.timing or told.whole:
        mark(rows, corpus, piece, timing=told.timing, whole=told.whole)
    if not told.chord:
        rows[:, Column.CHORD] = 0
    before = plain([*label_ids(corpus.styles, piece, told.labels), vocab.START])
    end = plain([vocab.END] if len(rows) < limit else [])
    return np.concatenate([before, rows, end])


@torch.inference_mode()
def bits_per_note(
    model: Model, corpus: Corpus, piece: Piece, limit: int = LIMIT, told: Told = USUAL
) -> float:
    """Bits per note of one piece; the window of attention slides, as it does when playing."""
    rows = torch.from_numpy(rows_to_judge(corpus, piece, limit, told))[None]
    targets = rows[:, 1:, : Column.VELOCITY + 1]
    weights = torch.ones(targets.shape[:2])
    weights[:, : int((rows[0, :, 0] == vocab.START).nonzero()[0])] = 0
    of_token, of_velocity = model.losses(rows[:, :-1], targets, weights)
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


def table(
    model: Model,
    corpus: Corpus,
    limit: int = LIMIT,
    most: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
    told: Told = USUAL,
) -> dict[str, float]:
    """Bits per note of each collection, and `macro`; at most `most` pieces of each.

    Of a corpus without pieces there is nothing to say.
    """
    result = {}
    for name, pieces in sorted(corpus.by_collection().items()):
        result[name] = fmean(bits_per_note(model, corpus, p, limit, told) for p in pieces[:most])
        tell(f"{name:22s} {result[name]:6.2f}")
    return result | {"macro": fmean(result.values())} if result else {}
