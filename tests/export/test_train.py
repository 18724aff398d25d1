"""The training loop on a made-up corpus: it learns, and a killed run loses nothing."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from antiphon.engine import bundle
from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.network import facts, measure, origin
from antiphon.export.network.measure import network
from antiphon.export.network.model import config
from antiphon.export.training import running as training
from antiphon.export.training import train
from antiphon.export.training.beginning import begin
from antiphon.export.training.curve import Curve, Judged, Point
from antiphon.export.training.schedule import FRESH, Schedule
from antiphon.export.training.train import Plan, Run
from corpora import scales


@pytest.fixture(autouse=True)
def small_and_steady(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that is counted in steps: each takes a second of it."""
    monkeypatch.setattr(train, "bf16_pays", lambda: False)
    moments = itertools.count()
    monkeypatch.setattr(Run, "_worked_s", lambda _: float(next(moments)))


def run(folder: Path, seed: int = 1, minutes: float = 1) -> Run:
    schedule = Schedule(((1.0, 2, 64),))
    plan = Plan(config("tiny", Vocabulary().size), (), minutes, schedule=schedule, seed=seed)
    return Run(folder, scales(), plan)


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
    judge = network(r.model)
    before = judge(r.sampler.corpus, piece).per_note
    for _ in range(25):
        r.step()

    assert judge(r.sampler.corpus, piece).per_note < 0.8 * before


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
        raise RuntimeError("No space left on device")  # what torch makes of it

    r.step()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(FileRefused, match=r"state\.pt cannot be written \(No space left"):
        r.save()

    assert run(tmp_path).progress.step == 1
    monkeypatch.undo()
    assert not list(tmp_path.glob(".*"))


def test_a_whole_budget_is_spent(tmp_path: Path) -> None:
    r = run(tmp_path, minutes=0.2)
    told: list[str] = []

    training.train(r, scales(), told.append, samples=False)

    assert r.share == 1.0
    assert (tmp_path / "model.safetensors").exists()
    assert any("judged" in line for line in told)
    with Image.open(tmp_path / "loss.png") as picture:
        assert picture.size == (900, 500)


def test_a_picture_of_a_resumed_run_has_every_step_once(tmp_path: Path) -> None:
    r = run(tmp_path, minutes=0.2)
    curve = Curve(tmp_path, 0)
    for lost in (False, False, False, False, True):
        bits = r.step()
        curve.points.append(Point(r.minutes, bits))
        if not lost:
            r.save()
    curve.save()

    training.train(run(tmp_path, minutes=0.2), scales(), lambda _: None, samples=False)

    minutes = [point.minutes for point in Curve(tmp_path, 1).points]
    assert minutes == sorted(set(minutes))
    assert len(minutes) == 12


def test_the_rate_warms_up_stays_and_falls_to_nothing() -> None:
    rate_at = FRESH.rate_at
    assert rate_at(0.0) == pytest.approx(0.02)
    assert rate_at(0.3) == 1.0
    assert rate_at(1.0) == 0.0
    assert rate_at(0.8) < rate_at(0.6) < 1.0


PLAN = Plan(config("tiny", Vocabulary(("a", "b")).size), ("a", "b"), 1)


@pytest.mark.parametrize(("other", "said"), [
    (replace(PLAN, config=config("slim", PLAN.config.vocabulary)), "with another shape: ask"),
    (replace(PLAN, styles=("b", "a")), "with other styles: ask for"),
    (replace(PLAN, seed=2), "with another seed: ask"),
    (replace(PLAN, recipe=replace(PLAN.recipe, infill=0)), "with another recipe: ask"),
    (replace(PLAN, schedule=PLAN.schedule.wider(2)), "with another pace or batch: ask"),
    (replace(PLAN, seed=2, styles=("b", "a")), "with other styles and another seed: ask"),
    (replace(PLAN, seed=2, origin={"name": "small"}), "from nothing: leave out --from"),
])  # fmt: skip
def test_a_run_of_another_plan_is_not_resumed(tmp_path: Path, other: Plan, said: str) -> None:
    Run(tmp_path, scales(), PLAN).save()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}

    with pytest.raises(UserError, match=rf"was begun {said}.*, or name another folder\."):
        Run(tmp_path, scales(), other)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_run_that_was_begun_from_a_model_says_so_where_another_is_asked_for(
    tmp_path: Path,
) -> None:
    Run(tmp_path, scales(), replace(PLAN, origin={"name": "small"})).save()

    with pytest.raises(UserError, match=r"begun from the model small: name it with --from, or"):
        Run(tmp_path, scales(), PLAN)
    with pytest.raises(UserError, match=r"begun from another model than this --from \(small\):"):
        Run(tmp_path, scales(), replace(PLAN, origin={"name": "large"}))


def test_a_killed_training_says_where_it_goes_on_and_a_finished_one_that_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = run(tmp_path, minutes=0.2)
    begun.step()
    begun.save()
    told: list[str] = []
    training.train(run(tmp_path, minutes=0.2), scales(), told.append, samples=False)
    assert told[0] == "Going on from step 1, 0.0 of 0.2 minutes done."

    monkeypatch.setattr(measure, "table", None)  # what is judged already is not judged again
    files = {file: file.read_bytes() for file in tmp_path.iterdir()}
    again: list[str] = []
    training.train(run(tmp_path, minutes=0.2), scales(), again.append, samples=False)
    assert "was trained already, 0.2 of 0.2 minutes done" in again[0]
    assert again[1:] == [told[-1]]
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == files


SMALL = {"name": "small", "data": [], "figures": {}}


def going_on(folder: Path, bits: list[float], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a run tells that begins from a model and is judged as is given, one after another."""
    left = iter(bits)
    monkeypatch.setattr(measure, "table", lambda *_, **__: {"macro": next(left)})
    plan = replace(run(folder / "nowhere").plan, minutes=0.15, origin=SMALL)
    told: list[str] = []
    training.train(Run(folder, scales(), plan), scales(), told.append, samples=False)
    assert not list(left)
    return told


def test_the_weights_that_were_judged_best_are_kept_and_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "JUDGE_EVERY", 0.25)
    told = going_on(tmp_path, [5.0, 4.9, 4.0, 4.6, 4.7], monkeypatch)

    assert told[1] == "judged before training: 5.00 bits a note on a quick look at held-out music"
    assert told[-1] == (
        "Kept for export: the weights after 0.1 minutes, the best on held-out music "
        "(4.00 bits a note, 5.00 before training, 4.70 at the end)."
    )
    best, last = (load_file(tmp_path / name) for name in (facts.BEST, facts.LATEST))
    taken = origin.of(tmp_path).weights
    assert all(torch.equal(taken[name], best[name]) for name in best)
    assert not all(torch.equal(last[name], best[name]) for name in best)
    kept = facts.best_of(tmp_path)
    assert (kept["bits_a_note"], kept["step"]) == (4.0, 5)
    assert facts.of(tmp_path).figures["own.steps"] == 5
    resumed = Run(tmp_path, scales(), replace(run(tmp_path / "x").plan, origin=SMALL))
    assert resumed.progress.step == 9
    resumed.keep_if_best(4.1)
    assert facts.best_of(tmp_path) == kept
    resumed.take_best()
    assert all(torch.equal(resumed.model.state_dict()[name], best[name]) for name in best)


def test_training_that_did_not_help_says_so_and_keeps_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "JUDGE_EVERY", 0.5)
    told = going_on(tmp_path, [5.56, 5.6, 5.66], monkeypatch)

    assert told[-1].startswith(
        "Training did not help: held-out music takes 5.56 bits a note without it, 5.66 at the end."
    )
    assert "Prepare more music, or train for fewer minutes." in told[-1]
    assert facts.best_of(tmp_path)["step"] == 0


def test_a_run_from_nothing_is_not_judged_before_it_has_learnt(tmp_path: Path) -> None:
    training.train(run(tmp_path, minutes=0.1), scales(), lambda _: None, samples=False)

    assert min(judged.minutes for judged in Curve(tmp_path, 1).judged) > 0


@pytest.mark.parametrize("bits", [[5.56, 5.57], [5.0], [2.0, 9.0]])
def test_a_small_change_looks_small_in_the_picture(tmp_path: Path, bits: list[float]) -> None:
    curve = Curve(tmp_path, 0)
    curve.points = [Point(n / 10, 2.77 + n / 100) for n in range(9)]
    curve.judged = [Judged(float(n), value) for n, value in enumerate(bits)]
    figure = curve.figure()
    figure.draw_without_rendering()
    left, right = figure.axes
    low, high = right.get_ylim()

    assert low <= 0.91 * min(bits)
    assert high >= 1.09 * max(bits) or high > max(bits) > 2 * min(bits)
    for axis in (left.yaxis, right.yaxis):
        for label in axis.get_ticklabels():
            float(label.get_text())  # a plain number, no power of ten
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 2
    assert legend.get_window_extent().y1 <= left.get_window_extent().y0


def test_a_run_may_be_given_more_time(tmp_path: Path) -> None:
    r = run(tmp_path, minutes=0.1)
    training.train(r, scales(), lambda _: None, samples=False)
    longer = run(tmp_path, minutes=0.2)

    assert (r.share, longer.share) == (1.0, 0.5)


def test_a_shape_is_not_asked_for_where_there_is_one(tmp_path: Path) -> None:
    asked = {"minutes": 1.0, "pace": "", "wider": 1, "seed": 1}
    with pytest.raises(UserError, match="name --from or --shape"):
        begin(tmp_path, scales(), shape="base", origin="default", **asked)  # type: ignore[arg-type]


def test_a_run_whose_plan_is_damaged_is_refused(tmp_path: Path) -> None:
    run(tmp_path).save()
    (tmp_path / "config.json").write_text("")

    with pytest.raises(FileRefused, match="is damaged"):
        run(tmp_path)


def test_a_sample_that_cannot_be_made_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_FILE_BYTES", 100_000)
    r, told = run(tmp_path, minutes=0.2), list[str]()
    training.train(r, scales(), told.append)

    assert r.share == 1.0
    assert [line for line in told if "sample" in line] == [
        "no sample: the model is too large for a bundle."
    ] * 8
