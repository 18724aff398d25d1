"""The recurrent baseline on a made-up corpus: it is a fair rival, and a kill loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from antiphon.engine.errors import FileRefused
from antiphon.engine.vocabulary import STYLE
from antiphon.export.baselines import gru
from antiphon.export.baselines.gru import GruRun, Shape, n_weights, shape_for, shape_of
from antiphon.export.corpus.data import Corpus, Piece
from antiphon.export.network.measure import network, rows_to_judge
from antiphon.export.network.model import Model, config
from antiphon.export.training.schedule import Schedule
from corpora import scales

TINY = Shape(config("tiny", STYLE), hidden=32)


@pytest.fixture(autouse=True)
def small_and_steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Little windows, and a budget that is counted in rounds: each takes a second of it."""
    monkeypatch.setattr(gru, "SCHEDULE", Schedule(((1.0, 2, 48),), rate=0.02))
    monkeypatch.setattr(gru, "PIECE", 16)
    moments = iter(range(1_000_000))
    monkeypatch.setattr(
        "antiphon.export.baselines.gru.time.process_time", lambda: float(next(moments))
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as it is trained; and two would only wait for one another
    yield
    torch.set_num_threads(threads)


def run(folder: Path, minutes: float = 1, shape: Shape = TINY) -> GruRun:
    return GruRun(folder / gru.FILE, scales(), shape, minutes)


def judged(model: Model, corpus: Corpus, piece: Piece) -> float:
    return network(model)(corpus, piece).per_note


def same_weights(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_it_gets_as_many_weights_as_its_rival_to_one_part_in_two_hundred() -> None:
    cfg = config("small", STYLE)
    rival = n_weights(Model(cfg))

    shape = shape_for(cfg, rival)

    assert rival <= n_weights(gru.Gru(shape)) < 1.005 * rival


def test_a_round_takes_a_step_for_each_piece_of_its_windows(tmp_path: Path) -> None:
    r = run(tmp_path)
    r.round()

    assert (r.progress.step, r.progress.tokens, r.progress.seconds) == (3, 96, 1.0)


def test_pieces_heard_one_after_another_are_heard_as_a_whole(tmp_path: Path) -> None:
    model = run(tmp_path).model
    torch.nn.init.normal_(model.sounding.weight)
    corpus = scales()
    rows = torch.from_numpy(rows_to_judge(corpus, corpus.pieces[0]))[None]
    whole = model.train()(rows)
    model.heard = None
    pieces = torch.cat([model(piece) for piece in torch.split(rows, 16, dim=1)], dim=1)

    assert torch.allclose(whole, pieces, atol=1e-5)


def test_judging_remembers_nothing_of_what_was_judged_before(tmp_path: Path) -> None:
    model, corpus = run(tmp_path).model.eval(), scales()
    first = judged(model, corpus, corpus.pieces[0])
    judged(model, corpus, corpus.pieces[1])

    assert judged(model, corpus, corpus.pieces[0]) == first


def test_a_few_rounds_teach_it_something(tmp_path: Path) -> None:
    r = run(tmp_path)
    piece = r.sampler.corpus.pieces[0]
    before = judged(r.model.eval(), r.sampler.corpus, piece)
    r.model.train()
    for _ in range(12):
        r.round()

    assert judged(r.model.eval(), r.sampler.corpus, piece) < 0.8 * before


def test_a_run_that_was_killed_ends_with_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    straight, killed = run(tmp_path / "straight"), run(tmp_path / "killed")
    for _ in range(4):
        straight.round()
    for _ in range(2):
        killed.round()
    killed.save()
    killed.round()  # what a kill loses
    resumed = run(tmp_path / "killed")
    assert resumed.progress.step == 6
    for _ in range(2):
        resumed.round()

    assert resumed.progress == straight.progress
    assert same_weights(resumed.model, straight.model)


def test_a_save_that_is_cut_off_leaves_the_last_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = run(tmp_path)
    r.round()
    r.save()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    r.round()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FileRefused, match=r"gru\.pt cannot be written .*No space"):
        r.save()

    assert run(tmp_path).progress.step == 3


def test_a_spent_budget_is_kept_and_a_larger_one_trains_on(tmp_path: Path) -> None:
    told: list[str] = []
    trained = gru.train(run(tmp_path, minutes=0.2), told.append)

    for minutes, rounds in ((0.2, 12), (0.1, 12), (0.3, 18)):
        again = run(tmp_path, minutes=minutes)
        assert same_weights(gru.train(again, told.append), trained) == (rounds == 12)
        assert again.progress.step == 3 * rounds
    assert shape_of(tmp_path / gru.FILE) == TINY


def test_a_run_on_other_music_is_refused(tmp_path: Path) -> None:
    run(tmp_path).save()
    others = replace(scales(), pieces=scales().pieces[1:])

    with pytest.raises(FileRefused, match="trained on other music; give another folder"):
        GruRun(tmp_path / gru.FILE, others, TINY, 1)


def test_a_file_of_another_shape_is_refused(tmp_path: Path) -> None:
    run(tmp_path).save()

    with pytest.raises(FileRefused, match="another shape"):
        run(tmp_path, shape=Shape(TINY.config, hidden=16))


@pytest.mark.parametrize("content", [None, b"", b"PK", b"something else"])
def test_a_file_that_holds_no_gru_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / gru.FILE).write_bytes(content)

    with pytest.raises(FileRefused, match="holds no GRU"):
        shape_of(tmp_path / gru.FILE)
