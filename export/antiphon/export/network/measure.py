"""Bits per note: what a model is judged by, and the judges of networks and of bundles.

−log2 likelihood of all tokens of a piece (its first 4,096, `end` included when it falls inside)
over its notes; mean over a collection's pieces, then over the collections. Labels, timing, part and
countdown are unknown: most of them would tell the answer. What telling one of them is worth can be
measured all the same, by asking for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

import numpy as np
import numpy.typing as npt
import torch

from antiphon.engine import model as runtime
from antiphon.engine import vocabulary as vocab
from antiphon.engine.motif import Motif
from antiphon.engine.sampling import probabilities
from antiphon.engine.tokens import Column, Row

from ..corpus.data import Corpus, Piece
from .model import Model
from .windows import Label, Rows, body, label_ids, mark, plain

Floats = npt.NDArray[np.float64]

LIMIT = 4096
TOKENS = ("end", "wait", "length", "note")
"""Kinds of token, in the order of their ids."""
MACRO = "macro"
"""The row that is the mean of the collections."""
KINDS = ("wait", "note", "velocity", "length", "end")


@dataclass(frozen=True, slots=True)
class Told:
    """What a model is told of a piece besides its tokens."""

    labels: tuple[Label, ...] = ()
    styles: tuple[str, ...] = ()
    """Names of the model's vocabulary: others it cannot be told."""
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
    before = plain([*label_ids(told.styles, piece, told.labels), vocab.START])
    end = plain([vocab.END] if len(rows) < limit else [])
    return np.concatenate([before, rows, end])


@dataclass(frozen=True, slots=True)
class Bits:
    """What a model needed for one piece."""

    by_kind: Mapping[str, float]
    """Bits spent on all tokens of each of `KINDS`."""
    notes: int

    @property
    def per_note(self) -> float:
        """Bits per note."""
        return math.fsum(self.by_kind.values()) / max(1, self.notes)


Judge = Callable[[Corpus, Piece], Bits]
"""What some model makes of a piece of a corpus."""


def bits(rows: Rows, of_token: npt.ArrayLike, of_velocity: npt.ArrayLike) -> Bits:
    """Bits by kind, from those spent on each row but the first, (T - 1,), and on its velocity.

    Labels before `start` are told, so they cost nothing.
    """
    token = rows[1:, Column.TOKEN]
    asked = np.arange(len(token)) >= np.flatnonzero(rows[:, Column.TOKEN] == vocab.START)[0]
    kind = np.searchsorted((vocab.WAIT, vocab.LENGTH, vocab.NOTE), token[asked], side="right")
    sums = np.bincount(kind, np.asarray(of_token, float)[asked], len(TOKENS))
    velocity = {"velocity": float(np.sum(of_velocity))}
    by_kind = dict(zip(TOKENS, sums.tolist(), strict=True)) | velocity
    return Bits({k: by_kind[k] for k in KINDS}, int((rows[:, Column.VELOCITY] > 0).sum()))


@torch.inference_mode()
def nats(model: Model, rows: Rows) -> tuple[Floats, Floats]:
    """Nats spent on each of rows (T, C) but the first, and on its velocity, each (T - 1,).

    The window of attention slides, as it does when playing.
    """
    given = torch.from_numpy(rows)[None].to(model.bias.device)
    targets = given[:, 1:, : Column.VELOCITY + 1]
    weights = torch.ones(targets.shape[:2], device=given.device)
    of_token, of_velocity = model.losses(given[:, :-1], targets, weights)
    return of_token[0].double().cpu().numpy(), of_velocity[0].double().cpu().numpy()


def network(model: Model, limit: int = LIMIT, told: Told = USUAL) -> Judge:
    """A network in torch."""

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        rows = rows_to_judge(corpus, piece, limit, told)
        return bits(rows, *(spent / math.log(2) for spent in nats(model, rows)))

    return judge


def bundle(model: runtime.Model, limit: int = LIMIT, echo: float = 0.0) -> Judge:
    """A bundle, token by token on the graph that plays; `limit` within one slot.

    With `echo`, 0 to 1, it remembers the piece so far, as a session does.
    """

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        rows = rows_to_judge(corpus, piece, limit)
        slot, memory = model.slot(), Motif()
        of_token, of_velocity = np.zeros(len(rows) - 1), np.zeros(len(rows) - 1)
        following = pairwise(Row(*map(int, row)) for row in rows)
        for i, (row, next_row) in enumerate(following):
            slot.decode(row)
            memory.append(row.token)
            logits = memory.favoured(slot.logits, echo)
            of_token[i] = -math.log2(probabilities(logits)[next_row.token])
            if next_row.velocity:
                drawn = probabilities(slot.velocity_logits(next_row.token))
                of_velocity[i] = -math.log2(drawn[next_row.velocity - 1])
        return bits(rows, of_token, of_velocity)

    return judge


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
    result, judge = {}, network(model, limit, told)
    for name, pieces in sorted(corpus.by_collection().items()):
        result[name] = fmean(judge(corpus, piece).per_note for piece in pieces[:most])
        tell(f"{name:22s} {result[name]:6.2f}")
    return result | {MACRO: fmean(result.values())} if result else {}
