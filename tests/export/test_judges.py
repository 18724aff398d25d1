"""Every kind of model judges a piece by the same rule: the one that `measure` states."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import encode
from antiphon.export.baselines.gru import Gru, Shape
from antiphon.export.baselines.markov import train
from antiphon.export.evaluation import judges
from antiphon.export.evaluation.judges import KINDS
from antiphon.export.network import measure
from antiphon.export.network.model import config
from antiphon.export.release import motif_weights
from antiphon.export.release.motif_weights import SHIPPED
from bundles import tiny_model, tiny_network
from corpora import scales

CORPUS = scales()
PIECE = CORPUS.pieces[0]
SHORT = 30
"""Tokens; a limit that cuts the piece."""


def test_bits_are_sorted_by_kind_of_token() -> None:
    notes = [Note(0, 0, 60, 24, 80), Note(24, 0, 62, 24, 80), Note(24, DRUMS, 36, 6, 80)]
    rows = np.array([(vocab.START, *[0] * 7), *encode(notes), (vocab.END, *[0] * 7)])

    found = judges.bits(rows, np.ones(len(rows) - 1), [0.5, 0.5, 0.25])

    assert found.by_kind == {"wait": 1, "note": 3, "velocity": 1.25, "length": 2, "end": 1}
    assert found.notes == 3
    assert found.per_note == pytest.approx(8.25 / 3)


@pytest.mark.parametrize("limit", [SHORT, measure.LIMIT])
def test_a_network_is_judged_as_measured(limit: int) -> None:
    judged = judges.network(tiny_network(), limit)(CORPUS, PIECE)

    expected = measure.bits_per_note(tiny_network(), CORPUS, PIECE, limit)
    assert judged.per_note == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("limit", [SHORT, measure.LIMIT])
def test_a_bundle_is_judged_as_its_network_is(limit: int) -> None:
    of_bundle = judges.bundle(tiny_model(), limit)(CORPUS, PIECE)
    of_network = judges.network(tiny_network(), limit)(CORPUS, PIECE)

    assert of_bundle.by_kind == pytest.approx(dict(of_network.by_kind), rel=1e-3)
    assert of_bundle.notes == of_network.notes


def test_a_bundle_that_remembers_is_judged_by_what_sessions_draw_from() -> None:
    without = judges.bundle(tiny_model())(CORPUS, PIECE)
    remembering = judges.bundle(tiny_model(), echo=0.5)(CORPUS, PIECE)
    heard = motif_weights.hear(tiny_network(), CORPUS, PIECE)

    assert remembering.per_note == pytest.approx(heard.bits_per_note(SHIPPED), rel=1e-3)
    # A scale comes round again.
    assert remembering.per_note < 0.7 * without.per_note


def test_a_recurrent_network_is_judged_as_measured() -> None:
    torch.manual_seed(1)
    model = Gru(Shape(config("tiny", vocab.STYLE), hidden=16)).eval()

    expected = measure.bits_per_note(model, CORPUS, PIECE)
    assert judges.network(model)(CORPUS, PIECE).per_note == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("adapting", [False, True])
def test_a_markov_model_pays_for_the_same_tokens(adapting: bool) -> None:
    judge = judges.markov(train(CORPUS), adapting, limit=SHORT)
    found = judge(CORPUS, PIECE)
    rows = measure.rows_to_judge(CORPUS, PIECE, SHORT)

    assert tuple(found.by_kind) == KINDS
    assert found.notes == (rows[:, 1] > 0).sum()
    assert found.by_kind["end"] == 0  # the limit cuts it off
    assert min(found.by_kind[kind] for kind in ("wait", "note", "velocity", "length")) > 0


def test_a_markov_model_adds_up_what_each_symbol_costs() -> None:
    model = train(CORPUS)
    found = judges.markov(model, limit=8)(CORPUS, PIECE)

    tokens = measure.rows_to_judge(CORPUS, PIECE, limit=8)[:, 0]
    chances = [model.tokens.distribution(tokens[:i])[tokens[i]] for i in range(1, len(tokens))]
    of_tokens = sum(found.by_kind[kind] for kind in KINDS if kind != "velocity")
    assert of_tokens == pytest.approx(-np.log2(chances).sum(), rel=1e-6)
