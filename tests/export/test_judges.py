"""Every kind of model judges a piece by the same rule: the one that `measure` states."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import encode
from antiphon.export.baselines.markov import train
from antiphon.export.evaluation import judges
from antiphon.export.network import measure
from antiphon.export.network.measure import KINDS, Told
from antiphon.export.release import motif_weights
from antiphon.export.release.motif_weights import SHIPPED
from bundles import tiny_model, tiny_network
from corpora import scales
from grams import distribution

CORPUS = scales()
PIECE = CORPUS.pieces[0]
SHORT = 30
"""Tokens; a limit that cuts the piece."""


def test_bits_are_sorted_by_kind_of_token() -> None:
    notes = [Note(0, 0, 60, 24, 80), Note(24, 0, 62, 24, 80), Note(24, DRUMS, 36, 6, 80)]
    rows = np.array([(vocab.START, *[0] * 7), *encode(notes), (vocab.END, *[0] * 7)])

    found = measure.bits(rows, np.ones(len(rows) - 1), [0.5, 0.5, 0.25])

    assert found.by_kind == {"wait": 1, "note": 3, "velocity": 1.25, "length": 2, "end": 1}
    assert found.notes == 3
    assert found.per_note == pytest.approx(8.25 / 3)


@pytest.mark.parametrize("limit", [SHORT, measure.LIMIT])
def test_a_network_is_judged_by_the_likelihood_of_all_tokens(limit: int) -> None:
    judged = measure.network(tiny_network(), limit)(CORPUS, PIECE)

    rows = torch.from_numpy(measure.rows_to_judge(CORPUS, PIECE, limit))
    with torch.inference_mode():
        table = tiny_network().table()
        states = tiny_network().states(rows[None], table)[0, :-1]
        token, velocity = rows[1:, 0], rows[1:, 1]
        logits = tiny_network().logits(states, table)
        nats = float(torch.nn.functional.cross_entropy(logits, token, reduction="sum"))
        struck = velocity > 0
        forces = tiny_network().velocity_logits(states[struck], table[token[struck]])
        nats += float(
            torch.nn.functional.cross_entropy(forces, velocity[struck] - 1, reduction="sum")
        )
    assert judged.per_note == pytest.approx(nats / np.log(2) / int(struck.sum()), rel=1e-5)


def test_labels_that_are_told_cost_nothing_but_change_what_music_costs() -> None:
    told = Told(labels=("instruments", "tempo"))
    rows = measure.rows_to_judge(CORPUS, PIECE, told=told)
    every = np.ones(len(rows) - 1)

    plain = measure.bits(measure.rows_to_judge(CORPUS, PIECE), every[2:], [])
    assert measure.bits(rows, every, []) == plain
    judged = measure.network(tiny_network(), told=told)(CORPUS, PIECE)
    assert judged.notes == plain.notes
    assert judged.per_note != measure.network(tiny_network())(CORPUS, PIECE).per_note


def test_styles_are_told_as_the_model_knows_them_and_others_are_not() -> None:
    piece = replace(PIECE, styles=("hymn", "polka"))
    told = Told(labels=("styles",))

    for styles, tokens in (
        (("Chopin_F", "hymn"), [vocab.STYLE + 1]),
        (("hymn", "Chopin_F"), [vocab.STYLE]),
        ((), []),
    ):
        rows = measure.rows_to_judge(CORPUS, piece, SHORT, replace(told, styles=styles))
        assert rows[: len(tokens) + 1, 0].tolist() == [*tokens, vocab.START]


@pytest.mark.parametrize("limit", [SHORT, measure.LIMIT])
def test_a_bundle_is_judged_as_its_network_is(limit: int) -> None:
    of_bundle = measure.bundle(tiny_model(), limit)(CORPUS, PIECE)
    of_network = measure.network(tiny_network(), limit)(CORPUS, PIECE)

    assert of_bundle.by_kind == pytest.approx(dict(of_network.by_kind), rel=1e-3)
    assert of_bundle.notes == of_network.notes


def test_a_bundle_that_remembers_is_judged_by_what_sessions_draw_from() -> None:
    without = measure.bundle(tiny_model())(CORPUS, PIECE)
    remembering = measure.bundle(tiny_model(), echo=0.5)(CORPUS, PIECE)
    heard = motif_weights.hear(tiny_network(), CORPUS, PIECE)

    assert remembering.per_note == pytest.approx(heard.bits_per_note(SHIPPED, 0.5), rel=1e-3)
    # A scale comes round again.
    assert remembering.per_note < 0.7 * without.per_note


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
    chances = [distribution(model.tokens, tokens[:i])[tokens[i]] for i in range(1, len(tokens))]
    of_tokens = sum(found.by_kind[kind] for kind in KINDS if kind != "velocity")
    assert of_tokens == pytest.approx(-np.log2(chances).sum(), rel=1e-6)
