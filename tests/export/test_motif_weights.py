"""What the memory is worth is judged by the blend that sessions draw from, and learnt by trying."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from antiphon.engine.motif import ORDER, Motif, odds
from antiphon.engine.sampling import probabilities
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.network import measure
from antiphon.export.network.measure import rows_to_judge
from antiphon.export.network.model import Model, config
from antiphon.export.release import motif_weights
from antiphon.export.release.motif_weights import (
    SHIPPED,
    USUAL_ECHO,
    Heard,
    Weights,
    hear,
    hear_all,
    learn,
    table,
)
from corpora import scales


def network() -> Model:
    torch.manual_seed(0)
    return Model(config("tiny", Vocabulary().size)).eval()


def test_without_the_memory_it_is_what_the_network_is_judged_by() -> None:
    model, corpus = network(), scales()
    heard = hear(model, corpus, corpus.pieces[0])

    assert heard.bits_per_note(SHIPPED, echo=0) == pytest.approx(
        measure.network(model)(corpus, corpus.pieces[0]).per_note
    )


@pytest.mark.parametrize("echo", [0.5, USUAL_ECHO])
def test_with_the_memory_it_is_what_sessions_draw_from(echo: float) -> None:
    model, corpus = network(), scales()
    rows = rows_to_judge(corpus, corpus.pieces[0])
    with torch.inference_mode():
        logits = model(torch.from_numpy(rows)[None])[0].numpy()
    memory, nats = Motif(), 0.0
    for n, (row, following) in enumerate(pairwise(Row(*map(int, row)) for row in rows)):
        memory.append(row.token)
        nats -= math.log(probabilities(memory.favoured(logits[n], echo))[following.token])

    heard = hear(model, corpus, corpus.pieces[0])
    of_tokens = (
        heard.bits_per_note(SHIPPED, echo) * heard.n_notes * math.log(2) - heard.velocity_nats
    )

    assert heard.trust.max() > ORDER
    assert of_tokens == pytest.approx(nats, rel=1e-5)


def test_the_odds_judged_are_the_odds_played() -> None:
    trusts = [0.25, 1, 6, 11, 40, 900]

    for echo in (0, 0.4, 0.5, 1):
        judged = SHIPPED.odds(np.array(trusts), echo)
        assert judged.tolist() == pytest.approx([odds(t, echo) for t in trusts])


def test_a_network_that_knows_nothing_gains_from_music_that_repeats() -> None:
    heard = hear_all(network(), scales(), most=2)

    alone, together = table(heard, echo=0), table(heard, echo=0.5)

    assert len(heard) == 4
    assert together["macro"] < 0.8 * alone["macro"]
    assert set(alone) == {"collection 0", "collection 1", "macro"}


def test_the_weights_that_made_the_music_are_learnt_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """20,000 tokens drawn from a blend; grid points are 40 % apart, the error far below one."""
    monkeypatch.setattr(motif_weights, "SCALES", np.array([5, 7, 10, 14, 20]))
    monkeypatch.setattr(motif_weights, "POWERS", np.array([1, 1.4, 2, 2.8]))
    true, rng = Weights(10, 1.4), np.random.default_rng(1)
    trust = rng.integers(1, 60, 20_000).astype(float)
    weight = true.odds(trust, 0.5) / (1 + true.odds(trust, 0.5))
    right = rng.random(len(trust)) < weight + (1 - weight) * 0.2
    heard = Heard("a", np.full(len(trust), 0.2), right, trust, 0.0, 1000)

    assert learn([heard]) == true
