"""What is not the model is part of a token's time: more than nothing, less than all."""

from __future__ import annotations

import pytest

from antiphon.engine.graph import Call
from antiphon.engine.sampling import Floats, Heat, draw
from antiphon.export.bench.overhead import Overhead, measured
from bundles import few_model


def test_a_token_is_the_model_and_something_beside_it() -> None:
    free, run = few_model().pool.free, Call.run
    found = [measured(few_model(), sessions, rounds=2, turns=10) for sessions in (1, 4)]

    for sessions, overhead in zip((1, 4), found, strict=True):
        assert overhead.sessions == sessions
        assert 0 < overhead.beside_us < overhead.token_us
    assert few_model().pool.free == free
    assert Call.run is run


def test_time_that_drawing_takes_is_not_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = measured(few_model(), 2, rounds=3, turns=10)

    def laborious(logits: Floats, heat: Heat, uniform: float) -> int:
        for _ in range(100):
            token = draw(logits, heat, uniform)
        return token

    monkeypatch.setattr("antiphon.engine.playing.draw", laborious)
    slower = measured(few_model(), 2, rounds=3, turns=10)

    assert slower.beside_us > 2 * usual.beside_us
    assert slower.share > usual.share


def test_the_share_is_of_the_whole() -> None:
    assert Overhead(1, token_us=400, beside_us=100).share == 0.25
