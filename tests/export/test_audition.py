"""A whole audition, with a model of random weights and pieces made up."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from antiphon.engine.notes import Note
from antiphon.export import progress
from antiphon.export.audition.playing import audition
from antiphon.export.audition.targets import TARGETS, lines
from bundles import STYLES, tiny_model
from pieces import corpus_of, tune

COUNTS = ("longest", "mean longest", "phrases judged", "bars until", "beats from")
"""What figures begin with that are no shares."""


def song(seed: int) -> list[Note]:
    return tune(np.random.default_rng(seed).integers(40, 80, 70).tolist(), 48)


def test_every_figure_that_has_a_target_is_there_and_all_that_is_done_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "EVERY_IN_A_LOG_S", 0)
    train = corpus_of([("a", (style,), song(i)) for i in range(30) for style in STYLES])
    valid = corpus_of([("a", (), song(99))])
    told = io.StringIO()
    sections = audition(tiny_model(), valid, train, 1, told)

    assert list(sections) == ["continuations", "copying", "statistics", "controls"]
    found = {line.name: line.value for of in sections.values() for line in lines(of)}
    assert set(TARGETS) <= found.keys()
    assert json.loads(json.dumps(sections)) == sections
    shares = {name: value for name, value in found.items() if not name.startswith(COUNTS)}
    assert all(-1 <= value <= 1 for value in shares.values())
    assert shares["styles told apart"] == shares["Chopin_F or hymn"]
    assert found["phrases judged for their key"] == 1
    assert found["longest run"] == 0  # of random weights: what it plays is no one's
    assert found["in key by chance"] == 1  # the phrase has all twelve pitch classes
    assert told.getvalue().splitlines()[-1].startswith("playing: 9 of 9")


def test_where_there_are_neither_phrases_nor_styles_the_rest_is_judged() -> None:
    nothing = corpus_of([("a", (), tune([60]))])
    sections = audition(tiny_model(), nothing, nothing, 1, io.StringIO())

    assert list(sections) == ["controls"]
    assert "ended within a bar" in sections["controls"]
