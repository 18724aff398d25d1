"""The copy alarm on the stream: with an index that knows everything it sounds, with none never."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from antiphon.engine.copies import FEWEST, Index
from antiphon.engine.model import Model
from antiphon.engine.notes import Note, events_of
from antiphon.engine.protocol import Answer, Infill, Open
from antiphon.engine.session import Progress, Session
from antiphon.engine.wishes import Constraints
from bundles import tiny_model

LONG = Answer(1, 1, start=300, until=12_000, prompt=True)
PHRASE = [Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]


@pytest.fixture
def suspicious() -> Iterator[Model]:
    """A model to whose index every run is known."""
    model = tiny_model()
    model.copies = Index(b"\xff")
    yield model
    model.copies = None


def made(model: Model, request: Answer | Infill) -> list[Progress]:
    session = Session(model, Open(1, seed=3, constraints=Constraints(instruments=(0,))))
    session.hear(events_of(PHRASE))
    if isinstance(request, Answer):
        session.answer(request)
    else:
        session.infill(request)
    steps = []
    while session.answering:
        steps.append(session.step())
    return [step for step in steps if step.notes]


@pytest.mark.parametrize("request_", [LONG, Infill(1, 1, 300, 12_000)])
def test_an_answer_that_follows_training_music_for_long_says_so(
    suspicious: Model, request_: Answer | Infill
) -> None:
    steps = made(suspicious, request_)
    notes_so_far = 0
    for step in steps:
        notes_so_far += len(step.notes)
        assert step.copied == (notes_so_far if notes_so_far >= FEWEST else 0)

    assert notes_so_far > FEWEST


def test_without_an_index_nothing_is_said() -> None:
    assert not any(step.copied for step in made(tiny_model(), LONG))
