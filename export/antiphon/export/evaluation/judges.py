"""What each kind of model makes of a piece: the bits it needs, by kind of token.

A judge is a function of a corpus and one of its pieces. What counts is said in `measure.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from antiphon.engine import model as runtime
from antiphon.engine import vocabulary as vocab
from antiphon.engine.motif import Motif
from antiphon.engine.sampling import probabilities
from antiphon.engine.tokens import Column, Row

from ..baselines.adapting import Adapting
from ..baselines.markov import Markov, velocity_lines
from ..baselines.ngrams import Floats, Ints, Lines, Ngrams
from ..corpus.data import Corpus, Piece
from ..network.measure import LIMIT, rows_to_judge
from ..network.model import Model
from ..network.windows import Rows

TOKENS = ("end", "wait", "length", "note")
"""Kinds of token, in the order of their ids."""
KINDS = ("wait", "note", "velocity", "length", "end")


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


def bits(rows: Rows, of_token: npt.ArrayLike, of_velocity: npt.ArrayLike) -> Bits:
    """Bits by kind, from those spent on each row but the first, (T - 1,), and on its velocity."""
    token = rows[1:, Column.TOKEN]
    kind = np.searchsorted((vocab.WAIT, vocab.LENGTH, vocab.NOTE), token, side="right")
    sums = np.bincount(kind, np.asarray(of_token, float), len(TOKENS))
    velocity = {"velocity": float(np.sum(of_velocity))}
    by_kind = dict(zip(TOKENS, sums.tolist(), strict=True)) | velocity
    return Bits({k: by_kind[k] for k in KINDS}, int((rows[:, Column.VELOCITY] > 0).sum()))


def network(model: Model, limit: int = LIMIT) -> Judge:
    """A network in torch."""

    @torch.inference_mode()
    def judge(corpus: Corpus, piece: Piece) -> Bits:
        rows = rows_to_judge(corpus, piece, limit)
        given = torch.from_numpy(rows)[None]
        targets = given[:, 1:, : Column.VELOCITY + 1]
        nats = model.losses(given[:, :-1], targets, torch.ones(targets.shape[:2]))
        return bits(rows, *(part[0].double().numpy() / math.log(2) for part in nats))

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
            slot.feed([row])
            memory.append(row.token)
            logits = memory.favoured(slot.logits[0], echo)
            of_token[i] = -math.log2(probabilities(logits)[next_row.token])
            if next_row.velocity:
                drawn = probabilities(slot.velocity_logits(next_row.token))
                of_velocity[i] = -math.log2(drawn[next_row.velocity - 1])
        return bits(rows, of_token, of_velocity)

    return judge


def markov(model: Markov, adapting: bool = False, limit: int = LIMIT) -> Judge:
    """A Markov model, as it is or adapting to each piece as it goes through it.

    How far its own counts are to be trusted is learnt over all pieces, in the order they come.
    """
    memories = [Adapting() if adapting else None for _ in Markov._fields]

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        rows = rows_to_judge(corpus, piece, limit)
        token, velocity = rows[:, Column.TOKEN], rows[:, Column.VELOCITY]
        of_token = _spent(model.tokens, [token], memories[0])
        of_velocity = _spent(model.velocities, velocity_lines(token, velocity), memories[1])
        return bits(rows, of_token[1:], of_velocity)

    return judge


def _spent(ngrams: Ngrams, lines: list[Ints], memory: Adapting | None) -> Floats:
    """Bits for each symbol of some lines, laid end to end; none for their marks."""
    if not lines:
        return np.empty(0)
    joined = Lines.of(lines)
    likelihoods = ngrams.likelihoods(joined)
    return -np.log2(memory.likelihoods(joined, likelihoods) if memory else likelihoods)
