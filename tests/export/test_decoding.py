"""Whoever takes part holds the same network, or is found out."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from antiphon.engine.errors import InternalError
from antiphon.export.bench import ours, subject
from antiphon.export.bench.contender import Contender, Form
from antiphon.export.bench.decoding import decoded
from antiphon.export.bench.subject import PRECISIONS, Precision
from bundles import STYLES, tiny_network

FLOATS = Precision(32, 32)


def test_every_precision_is_timed_alone_and_together(tmp_path: Path) -> None:
    of = subject.random("tiny", STYLES)
    contenders = ours.contenders(of, tmp_path)
    one, many = (decoded(of, contenders, sessions, rounds=1) for sessions in (1, 3))

    assert [form.precision for form in one.figures] == list(PRECISIONS)
    for form, figures in one.figures.items():
        assert figures.step_ms > figures.floor_ms > 0
        assert figures.phrase_ms is not None
        assert figures.phrase_ms > figures.step_ms
        assert figures.off is not None
        assert figures.off < (1e-5 if form.bits == form.kept == 32 else 0.3)
    assert many.sessions == 3
    assert many.fastest(lambda form: form.bits == 4) == many.figures[form].step_ms
    assert many.fastest(lambda form: form.bits == 2) is None


@pytest.mark.parametrize("sessions", [1, 3])
def test_a_peer_that_holds_another_network_is_found_out(tmp_path: Path, sessions: int) -> None:
    of = subject.random("tiny", STYLES)
    other = subject.Subject("other", tiny_network(), STYLES, of.steps)
    peer = Contender(Form("peer", FLOATS), partial(ours.Ours, other, tmp_path, FLOATS))

    with pytest.raises(InternalError, match="peer, 32 bit, cache 32 does not hold our network"):
        decoded(of, [*ours.contenders(of, tmp_path)[:1], peer], sessions=sessions, rounds=1)
