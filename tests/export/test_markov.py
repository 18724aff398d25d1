"""The Markov baseline: what it counts of a corpus, and that it comes back from its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS
from antiphon.export.baselines import markov
from antiphon.export.baselines.markov import Markov, lines_of, picked, train, velocity_lines
from antiphon.export.baselines.ngrams import Ints, Lines
from antiphon.export.evaluation import judges
from corpora import scales
from grams import distribution

CORPUS = scales()
PIECE = CORPUS.pieces[0]


@pytest.fixture(scope="module")
def trained() -> Markov:
    return train(CORPUS)


def test_a_piece_is_a_line_of_tokens_and_one_of_velocities_for_each_instrument() -> None:
    tokens, velocities = lines_of(CORPUS, PIECE)

    assert (tokens[0], tokens[-1]) == (vocab.START, vocab.END)
    assert len(tokens) == PIECE.length + 2
    assert [line.tolist() for line in velocities] == [[vocab.VELOCITY_BINS, *[80 // 16] * 60]]


def test_velocities_follow_those_of_the_same_instrument() -> None:
    piano, drums = vocab.note_id(0, 60), vocab.note_id(DRUMS, 36)
    token = np.array([vocab.START, piano, vocab.LENGTH, drums, vocab.WAIT, drums, piano])
    velocity = np.array([0, 3, 0, 8, 0, 7, 2])

    lines = velocity_lines(token, velocity)

    mark = vocab.VELOCITY_BINS
    assert [line.tolist() for line in lines] == [[mark, 2, 1], [mark + DRUMS, 7, 6]]


def test_after_any_beginning_something_follows(trained: Markov) -> None:
    rng = np.random.default_rng(3)
    tokens, (velocities,) = lines_of(CORPUS, PIECE)
    for end in rng.integers(1, len(velocities), 4):
        strange = np.append(tokens[:end], rng.integers(vocab.WAIT, vocab.STYLE))
        for heard in (tokens[:end], strange):
            assert distribution(trained.tokens, heard).sum() == pytest.approx(1, abs=1e-5)
        after = distribution(trained.velocities, velocities[:end])
        assert after.sum() == pytest.approx(1, abs=1e-5)


def test_it_knows_a_scale_that_it_heard_from_one_that_it_did_not(trained: Markov) -> None:
    tokens, _ = lines_of(CORPUS, PIECE)
    backwards = np.concatenate([tokens[:1], tokens[:0:-1]])

    def bits(line: Ints) -> float:
        return float(-np.log2(trained.tokens.likelihoods(Lines.of([line]))).sum())

    assert 4 * bits(tokens) < bits(backwards)


def test_of_a_large_collection_only_a_part_is_learnt() -> None:
    assert len(list(picked(CORPUS, 1))) == 2  # one of each
    assert len(list(picked(CORPUS, PIECE.length + 1))) == 4
    assert len(list(picked(CORPUS, 10**9))) == len(CORPUS.pieces)


def test_progress_is_told_step_by_step() -> None:
    steps: list[None] = []
    train(CORPUS, step=lambda: steps.append(None))

    assert len(steps) == markov.STEPS


def test_what_was_learnt_comes_back_from_its_file(trained: Markov, tmp_path: Path) -> None:
    trained.save(tmp_path / "baselines" / markov.FILE)
    again = Markov.load(tmp_path / "baselines" / markov.FILE)

    judged = [judges.markov(model)(CORPUS, PIECE) for model in (trained, again)]
    assert judged[0] == judged[1]
    assert [file.name for file in (tmp_path / "baselines").iterdir()] == [markov.FILE]


@pytest.mark.parametrize("content", [None, b"PK", b"something else"])
def test_a_file_that_holds_no_model_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / markov.FILE).write_bytes(content)

    with pytest.raises(FileRefused, match="holds no Markov model"):
        Markov.load(tmp_path / markov.FILE)


def test_listening_pays_where_nothing_like_it_was_learnt() -> None:
    token = CORPUS.arrays["token"]
    for_guitar = np.where((token >= vocab.NOTE) & (token < vocab.STYLE), token + 3 * 128, token)
    model = train(replace(CORPUS, arrays=CORPUS.arrays | {"token": for_guitar}))

    plain, adapting = (judges.markov(model, adapting=a)(CORPUS, PIECE) for a in (False, True))

    assert adapting.per_note < 0.6 * plain.per_note
