"""The training loop on a made-up corpus: it learns, and a killed run loses nothing."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import Note
from antiphon.engine.tokens import encode
from antiphon.export import train
from antiphon.export.data import ARRAYS, Corpus, Piece
from antiphon.export.measure import bits_per_note
from antiphon.export.train import Run, rate_at


def corpus() -> Corpus:
    """Two collections of scales up and down, in memory."""
    pieces: list[Piece] = []
    columns: dict[str, list[int]] = {name: [] for name in ARRAYS}
    for i in range(6):
        scale = [Note(24 * n, 0, 50 + (n + i) % 12, 24, 80) for n in range(60)]
        rows, tick = encode(scale), 0
        begin = len(columns["token"])
        for row in rows:
            tick += vocab.ticks_of(row.token) if vocab.is_wait(row.token) else 0
            for name, value in zip(ARRAYS, (row.token, row.velocity, row.chord, tick), strict=True):
                columns[name].append(value)
        pieces.append(
            Piece(
                collection=f"collection {i % 2}", styles=(), instruments=(0,),
                tempo=vocab.tempo_id(120), metre=vocab.metre_id(4, 4), bar=192,
                performed=False, begin=begin, length=len(rows), n_notes=60,
            )
        )  # fmt: skip
    arrays = {name: np.array(columns[name], kind) for name, kind in ARRAYS.items()}
    return Corpus((), tuple(pieces), arrays)


@pytest.fixture(autouse=True)
def small_and_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little windows, and a budget that is counted in steps: each takes a second of it."""
    monkeypatch.setattr(train, "STAGES", ((1.0, 2, 64),))
    monkeypatch.setattr(train, "bf16_pays", lambda: False)
    moments = iter(range(1_000_000))
    monkeypatch.setattr("antiphon.export.train.time.monotonic", lambda: float(next(moments)))


def run(folder: Path, seed: int = 1) -> Run:
    return Run(folder, corpus(), "tiny", minutes=1, seed=seed)


def same_weights(a: Run, b: Run) -> bool:
    pairs = zip(a.model.state_dict().values(), b.model.state_dict().values(), strict=True)
    return all(torch.equal(x, y) for x, y in pairs)


def test_two_steps_run_and_are_counted(tmp_path: Path) -> None:
    r = run(tmp_path)
    losses = [r.step(), r.step()]

    assert all(map(math.isfinite, losses))
    assert (r.progress.step, r.progress.tokens, r.progress.seconds) == (2, 256, 2.0)


def test_a_few_steps_teach_it_something(tmp_path: Path) -> None:
    r = run(tmp_path)
    piece = r.sampler.corpus.pieces[0]
    before = bits_per_note(r.model, r.sampler.corpus, piece)
    for _ in range(25):
        r.step()

    assert bits_per_note(r.model, r.sampler.corpus, piece) < 0.8 * before


def test_a_run_that_was_killed_ends_with_the_weights_of_one_that_was_not(tmp_path: Path) -> None:
    straight, killed = run(tmp_path / "straight"), run(tmp_path / "killed")
    for _ in range(6):
        straight.step()
    for _ in range(3):
        killed.step()
    killed.save()
    killed.step()  # what a kill loses
    resumed = run(tmp_path / "killed")
    assert resumed.progress.step == 3
    for _ in range(3):
        resumed.step()

    assert resumed.progress == straight.progress
    assert same_weights(resumed, straight)


def test_another_seed_trains_another_model(tmp_path: Path) -> None:
    assert not same_weights(run(tmp_path / "a", seed=1), run(tmp_path / "b", seed=2))


def test_a_save_that_is_cut_off_leaves_the_last_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    r = run(tmp_path)
    r.step()
    r.save()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    r.step()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space"):
        r.save()

    assert run(tmp_path).progress.step == 1


def test_a_whole_budget_is_spent_and_judged(tmp_path: Path) -> None:
    r = Run(tmp_path, corpus(), "tiny", minutes=0.2, seed=1)
    told: list[str] = []

    figures = train.train(r, corpus(), told.append)

    assert figures.keys() == {"collection 0", "collection 1", "macro"}
    assert r.share == 1.0
    assert (tmp_path / "model.safetensors").exists()
    assert any("judged" in line for line in told)


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    assert rate_at(0.0) == pytest.approx(0.02)
    assert rate_at(0.3) == 1.0
    assert rate_at(1.0) == 0.0
    assert rate_at(0.8) < rate_at(0.6) < 1.0
