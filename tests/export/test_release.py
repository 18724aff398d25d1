"""A bundle is written only when all is proved, and then whole."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from antiphon.engine import bundle
from antiphon.engine.errors import BundleRefused, FileRefused, UserError
from antiphon.engine.model import Model
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.commands import register
from antiphon.export.corpus import data
from antiphon.export.network import calibration
from antiphon.export.network.model import config
from antiphon.export.network.parity import fill, random_rows
from antiphon.export.network.to_onnx import write_bundle
from antiphon.export.release import copy_index, precision
from antiphon.export.release.writing import CARD, Order, put, quantise, release
from antiphon.export.training import train
from antiphon.export.training.train import Plan, Progress, Run
from bundles import STYLES, tiny_folder, tiny_network
from corpora import scales

SENTENCE = r"^[^\n]+\.$"
PRECISION_32 = "32 bit; keys and values in 32 bit"
PRECISION_4 = "4 bit, blocks of 32, qkv and table in 8; keys and values in 8 bit"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, corpus = tmp_path_factory.mktemp("prepared"), scales()
    for split in ("train", "valid"):
        pieces = [
            (p, dict(zip(data.ARRAYS, corpus.rows(p, 0, p.length), strict=True)))
            for p in corpus.pieces
        ]
        data.write(folder / split, (), pieces)
    return folder


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a 32-bit bundle that tells what it was trained on."""
    folder = tmp_path_factory.mktemp("described")
    known = {"data": ("hymns: 3 pieces, CC0",), "figures": {"training.tokens": 7.0}}
    write_bundle(tiny_network(), folder, "known", STYLES, bits=None, **known)  # type: ignore[arg-type]
    return folder


@pytest.fixture(autouse=True)
def a_little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "FEWEST", 360)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def logits_of(folder: Path) -> np.ndarray:
    slot = Model(bundle.load(folder)).slot()
    fill(slot, random_rows(tiny_network().cfg.vocabulary, 50))
    return slot.logits.copy()


def test_a_smaller_bundle_says_what_each_precision_costs(
    tmp_path: Path, described: Path, prepared: Path
) -> None:
    said: list[str] = []
    made = quantise(Order(described, tmp_path, bits=4, prepared=prepared), said.append)

    figures = made.about.figures
    assert made.about.precision == PRECISION_4
    assert made.about.name == "known"
    for bits in (32, 8, 4):
        assert f"precision.{bits}.ms_per_token" in figures
        assert any(line.strip().startswith(f"{bits} bit") for line in said)
    assert figures["precision.32.cost"] == 0 < abs(figures["precision.4.cost"]) < 0.01
    assert figures["precision.4.megabytes"] < figures["precision.8.megabytes"]
    assert figures["bits_per_note.macro"] > 0
    assert made.copies == copy_index.index(data.Corpus.open(prepared / "train"))
    assert {"bundle.json", CARD, bundle.COPIES, *bundle.GRAPHS} == set(files_of(tmp_path))


def test_nothing_that_was_known_is_lost_on_the_way(tmp_path: Path, described: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_text("path,split,collection,licence\na,train,songs,MIT\n")
    eight = release(Order(described, tmp_path / "8", name="mine", manifest=manifest))
    whole = release(Order(tmp_path / "8", tmp_path / "32", bits=32))

    lines = ("songs: 1 pieces offered, MIT", "hymns: 3 pieces, CC0")
    assert (eight.about.data, whole.about.data) == (lines, lines)
    assert whole.about.figures["training.tokens"] == 7.0
    assert (whole.about.name, whole.about.precision) == ("mine", PRECISION_32)
    assert "- hymns: 3 pieces, CC0\n" in (tmp_path / "32" / CARD).read_text()
    assert "in 8 bits already" in (tmp_path / "32" / CARD).read_text()


def test_a_bundle_can_be_written_over_itself(tmp_path: Path) -> None:
    before = write_bundle(tiny_network(), tmp_path, "one", STYLES).graphs["model.onnx"]
    made = release(Order(tmp_path, tmp_path, name="other"))

    assert made.about.name == "other"
    assert made.graphs["model.onnx"] == before


def test_what_costs_too_much_is_refused_and_nothing_is_written(
    tmp_path: Path, described: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "MOST_COST", -1.0)
    folder = Path(shutil.copytree(tiny_folder(), tmp_path / "there"))
    before = files_of(folder)
    with pytest.raises(UserError, match=r"^In 4 bits .* loses -?\d\.\d\d% .*\.$"):
        release(Order(described, folder, bits=4, prepared=prepared))

    assert files_of(folder) == before


@pytest.mark.parametrize("order", [
    Order(tiny_folder(), Path("nowhere"), bits=4),
    Order(tiny_folder(), Path("nowhere"), bits=5),
    Order(Path("no/such/folder"), Path("nowhere")),
    Order(tiny_folder(), Path("nowhere"), prepared=Path("no/such/folder")),
    Order(tiny_folder(), Path("nowhere"), manifest=Path("no/such/file")),
    Order(tiny_folder(), Path("nowhere"), evaluation=Path("no/such/file")),
    Order(tiny_folder(), Path(__file__)),
], ids=["unmeasured", "five", "source", "prepared", "manifest", "evaluation", "file"])  # fmt: skip
def test_what_cannot_be_done_is_refused_in_a_sentence(order: Order) -> None:
    with pytest.raises(UserError, match=SENTENCE):
        release(order)
    assert not Path("nowhere").exists()


def test_where_nothing_is_held_out_few_bits_are_not_measured_and_4_are_refused(
    tmp_path: Path, described: Path, prepared: Path
) -> None:
    shutil.copytree(prepared / "train", tmp_path / "train")
    data.write(tmp_path / "valid", (), [])
    said: list[str] = []
    made = release(Order(described, tmp_path / "8", prepared=tmp_path), said.append)

    assert any(line.endswith("not measured, as too little is held out") for line in said)
    assert {f"precision.{n}.megabytes" for n in (32, 8, 4)} <= made.about.figures.keys()
    assert not any(name.endswith("cost") for name in made.about.figures)
    with pytest.raises(UserError, match="too little in its valid split to measure 4 bits on"):
        release(Order(described, tmp_path / "4", bits=4, prepared=tmp_path))
    assert not (tmp_path / "4").exists()


def test_a_cost_measured_on_a_few_notes_says_nothing(
    tmp_path: Path, described: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "MOST_COST", -1.0)
    assert len(precision.measured_on(scales())) == 6
    monkeypatch.setattr(precision, "FEWEST", 361)
    assert precision.measured_on(scales()) == []

    made = release(Order(described, tmp_path, prepared=prepared))
    assert not any(name.endswith("cost") for name in made.about.figures)


def test_the_commands_hand_on_what_they_are_told(tmp_path: Path, described: Path) -> None:
    app, folder = typer.Typer(), tmp_path / "bundle"
    register(app)
    said = CliRunner().invoke(app, ["export", str(described), str(folder), "--bits", "32"])
    smaller = ["quantize", str(folder), str(tmp_path / "no"), "--prepared", "no/such/folder"]
    refused = CliRunner().invoke(app, smaller)

    assert said.exit_code == 0
    assert "torch and ONNX differ by at most" in said.output
    assert said.output.endswith(f"Done: {folder}. Next: antiphon play --bundle {folder}\n")
    assert bundle.load(folder).about.precision == PRECISION_32
    assert isinstance(refused.exception, FileRefused)
    assert not (tmp_path / "no").exists()


def test_few_pieces_are_compared_over_more_of_each() -> None:
    piece = scales().pieces[0]
    assert [precision.limit_for([piece] * n) for n in (1, 4, 10, 30, 31)] == [
        4096, 3840, 1536, 512, 512,
    ]  # fmt: skip


def test_a_run_is_named_by_its_bundle_s_folder_and_its_music_is_told(
    tmp_path: Path, prepared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "bf16_pays", lambda: False)
    plan = Plan(config("tiny", Vocabulary().size), (), 1)
    run = Run(tmp_path / "run", data.Corpus.open(prepared / "train"), plan)
    run.save()
    run.progress = Progress(step=7, tokens=700, seconds=90)
    run.keep_if_best(5.0)
    said: list[str] = []
    made = release(Order(tmp_path / "run", tmp_path / "mine", prepared=prepared), said.append)

    assert made.about.name == "mine"
    assert made.about.data == ("collection 0: 3 pieces", "collection 1: 3 pieces")
    assert made.about.figures["training.minutes"] == 1.5
    assert said[0] == "taking the weights judged best, after 1.5 minutes of training"
    assert any(line.startswith(" 8 bit (written): ") for line in said)
    at = said.index("bits per note on held-out music, by collection:")
    assert said[at + 1].split()[:2] == ["collection", "0"]


def test_music_that_is_not_there_is_missed_before_any_work(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(FileRefused, match="holds no prepared music"):
        release(Order(tiny_folder(), tmp_path / "8", prepared=tmp_path / "no"), said.append)
    assert said == []


def test_fewer_bits_must_be_fewer(tmp_path: Path, prepared: Path) -> None:
    order = Order(tiny_folder(), tmp_path / "8")
    release(order)
    for wanted in (replace(order, bits=32), replace(order, source=order.folder, bits=8)):
        with pytest.raises(UserError, match="bits already"):
            quantise(replace(wanted, prepared=prepared))


@pytest.mark.parametrize("done", range(5))
def test_a_reader_gets_the_old_the_new_or_a_refusal_but_never_half(
    tmp_path: Path, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = {}
    for name, net_bits in (("old", None), ("new", 8)):
        drafts[name] = tmp_path / name
        write_bundle(tiny_network(), drafts[name], name, STYLES, bits=net_bits)
        (drafts[name] / CARD).write_text(name)
    folder = tmp_path / "folder"
    put(drafts["old"], folder)
    old, new = files_of(folder), files_of(drafts["new"])
    replaced: list[str] = []

    def failing(part: Path, file: Path) -> None:
        if len(replaced) == done:
            raise OSError("the disk is gone")
        replaced.append(file.name)
        os.rename(part, file)

    monkeypatch.setattr("antiphon.export.release.writing.os.replace", failing)
    if done < 4:
        with pytest.raises(FileRefused, match="the disk is gone"):
            put(drafts["new"], folder)
    else:
        put(drafts["new"], folder)

    now = files_of(folder)
    assert now == old | {name: new[name] for name in replaced}
    if now in (old, new):
        assert bundle.load(folder).about.name == ("new" if now == new else "old")
    else:
        with pytest.raises(BundleRefused, match="SHA-256"):
            bundle.load(folder)


def test_each_matrix_is_known_by_what_it_is_fed() -> None:
    seen = calibration.seen_by(tiny_network(), scales(), STYLES)

    sizes = {
        name: matrix.in_features for name, matrix in calibration.matrices(tiny_network()).items()
    }
    assert {name: mean.shape for name, mean in seen.items()} == {
        name: (size, size) for name, size in sizes.items()
    }
    for mean in seen.values():
        np.testing.assert_allclose(mean, mean.T)
        assert np.linalg.eigvalsh(mean).min() > -1e-3 * mean.trace()
    # What follows a norm has a mean square of one.
    assert seen["qkv_0"].trace() == pytest.approx(sizes["qkv_0"], rel=1e-3)
