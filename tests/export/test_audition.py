"""A whole audition, with a model of random weights and pieces made up."""

from __future__ import annotations

import io
import json

import numpy as np

from antiphon.engine.notes import Note
from antiphon.export.audition.playing import audition
from antiphon.export.audition.targets import TARGETS, lines
from bundles import STYLES, tiny_model
from pieces import corpus_of, tune


def song(seed: int) -> list[Note]:
    return tune(np.random.default_rng(seed).integers(40, 80, 70).tolist(), 48)


def test_every_figure_that_has_a_target_is_there_and_the_progress_is_told() -> None:
    train = corpus_of([("a", (style,), song(i)) for i in range(30) for style in STYLES])
    valid = corpus_of([("a", (), song(99))])
    told = io.StringIO()
    sections = audition(tiny_model(), valid, train, 1, told)

    assert list(sections) == ["continuations", "copying", "statistics", "controls"]
    found = {line.name for figures in sections.values() for line in lines(figures)}
    assert set(TARGETS) <= found
    assert json.loads(json.dumps(sections)) == sections
    assert all(np.isfinite(list(figures.values())).all() for figures in sections.values())


def test_where_there_are_neither_phrases_nor_styles_the_rest_is_judged() -> None:
    nothing = corpus_of([("a", (), tune([60]))])
    sections = audition(tiny_model(), nothing, nothing, 1, io.StringIO())

    assert list(sections) == ["controls"]
    assert "ended within a bar" in sections["controls"]
