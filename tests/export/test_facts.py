"""What is known of a model goes with it: from a run to a bundle, and from that to the next."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.engine import bundle
from antiphon.engine.errors import FileRefused
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.corpus import data
from antiphon.export.network import facts
from antiphon.export.network.model import config
from antiphon.export.network.to_onnx import write_about
from antiphon.export.training.train import Plan, Progress, Run
from bundles import tiny_folder
from corpora import scales

SENTENCE = r"^[^\n]+\.$"


def a_run(folder: Path) -> Path:
    """A run that spent half a minute."""
    run = Run(folder, scales(), Plan(config("tiny", Vocabulary().size), (), 1))
    run.progress = Progress(step=2, tokens=16384, seconds=30)
    run.save()
    return folder


def changed(file: Path, **fields: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_a_run_tells_what_was_spent_on_it_and_its_recipe(tmp_path: Path) -> None:
    known = facts.of(a_run(tmp_path / "mine"))

    music = ("collection 0: 3 pieces", "collection 1: 3 pieces")
    assert (known.name, known.bits, known.data) == ("mine", 32, music)
    spent = {"training.steps": 2, "training.tokens": 16384, "training.minutes": 0.5}
    assert known.figures.items() >= spent.items()
    assert known.figures["recipe.transpose"] == 6


def test_a_run_without_its_state_tells_the_rest(tmp_path: Path) -> None:
    (a_run(tmp_path) / "state.pt").unlink()

    assert {name.partition(".")[0] for name in facts.of(tmp_path).figures} == {"recipe"}


def test_what_a_run_began_with_is_not_forgotten(tmp_path: Path) -> None:
    alone = facts.of(a_run(tmp_path)).figures
    lines = ("hymns: 3 pieces offered, CC0", "begun with the weights of `old`", "songs: 2 pieces",
             "begun with the weights of `older`", "hymns: 3 pieces, CC0")  # fmt: skip
    origin = facts.Facts("small", 8, lines, {"training.steps": 40, "x": 1})
    changed(tmp_path / "config.json", origin=asdict(origin))
    known = facts.of(tmp_path)

    assert known.data == (
        "collection 0: 3 pieces",
        "collection 1: 3 pieces",
        "begun with the weights of `small`, which was trained on",
        "hymns: 3 pieces offered, CC0",
        "begun with the weights of `old`",
        "songs: 2 pieces",
    )
    own = {"own.steps": 2, "own.tokens": 16384, "own.minutes": 0.5}
    assert known.figures == alone | own | {"training.steps": 42}


def test_a_manifest_tells_of_a_run_s_own_music_in_full_and_of_other_s_nothing(
    tmp_path: Path,
) -> None:
    known = replace(facts.of(a_run(tmp_path)), data=(
        "collection 0: 3 pieces", "hymns: 3 pieces",
        "begun with the weights of `small`, which was trained on", "hymns: 3 pieces, CC0",
    ))  # fmt: skip
    told = facts.attributed(known, ("hymns: 4 pieces offered, MIT",))

    assert told.data == (
        "hymns: 4 pieces offered, MIT",
        "collection 0: 3 pieces",
        "begun with the weights of `small`, which was trained on",
        "hymns: 3 pieces, CC0",
    )


def test_a_bundle_tells_what_holds_of_whatever_is_made_of_it(tmp_path: Path) -> None:
    about = bundle.read_about(tiny_folder())
    figures = {"training.tokens": 5.0, "parity_32_bit": 1e-5, "precision.8.cost": 0.1}
    write_about(tmp_path, msgspec.structs.replace(about, data=("a", "b"), figures=figures))
    known = facts.of(tmp_path)

    assert (known.name, known.bits, known.data) == ("tiny", 32, ("a", "b"))
    assert known.figures == {"training.tokens": 5.0}


def test_a_folder_that_holds_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=SENTENCE):
        facts.of(tmp_path)


def test_each_collection_is_named_with_its_licences_and_sources(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text(
        "path,split,collection,licence,source_repo,source_commit\n"
        "a,train,hymns,CC0-1.0,x/hymns,0123456789\n"
        "b,valid,hymns,GPL,y/never,0\n"
        "c,train,hymns,CC-BY-4.0,x/hymns,0123456789\n"
        "d,train,dances,MIT,z/dances,\n"
    )
    assert facts.attributions(tmp_path / "manifest.csv") == (
        "dances: 1 pieces offered, MIT, z/dances",
        "hymns: 2 pieces offered, CC-BY-4.0, CC0-1.0, x/hymns@0123456",
    )


def test_a_manifest_that_names_no_licence_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,split\na,train\n")

    assert facts.attributions(tmp_path / "manifest.csv") == (
        "unnamed: 1 pieces offered, licence not stated",
    )
    with pytest.raises(FileRefused, match=SENTENCE):
        facts.attributions(tmp_path / "nowhere.csv")
    (tmp_path / "other.csv").write_text("path,licence\na,MIT\n")
    with pytest.raises(FileRefused, match="no line whose split is 'train'"):
        facts.attributions(tmp_path / "other.csv")


def test_what_was_made_of_collections_is_named_too(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,split,collection\na,train,collection 0\n")
    corpus = scales()
    pieces = [
        (p, dict(zip(data.ARRAYS, corpus.rows(p, 0, p.length), strict=True))) for p in corpus.pieces
    ]
    data.write(tmp_path / "prepared" / "train", (), pieces)

    assert facts.attributions(tmp_path / "manifest.csv", tmp_path / "prepared") == (
        "collection 0: 1 pieces offered, licence not stated",
        "collection 1: 3 pieces, made of the others",
    )


EVALUATION = {
    "model": facts.fingerprint(tiny_folder()),
    "bits": 8,
    "models": {
        "default": {
            "macro_bits_per_note": 4.5,
            "by_collection": {"hymns": 4.0, "dances": 5},
            "by_kind": {"note": 2.5},
        },
        "markov": {"macro_bits_per_note": 7.0, "by_collection": {"hymns": 7.0}},
    },
    "controls": {"tempo": {"told": 0.9, "wrong": 0.1}, "kept": True},
    "split": "test",
}


@pytest.mark.parametrize(
    "text", [json.dumps(EVALUATION), "judging\n" + json.dumps(EVALUATION, indent=1)]
)
def test_an_evaluation_becomes_figures_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "evaluation").write_text(text)

    assert facts.evaluated(tmp_path / "evaluation", tiny_folder()) == {
        "judged_bits": 8,
        "bits_per_note.hymns": 4.0,
        "bits_per_note.dances": 5,
        "bits_per_note.macro": 4.5,
        "by_kind.default.note": 2.5,
        "baseline.markov.hymns": 7.0,
        "baseline.markov.macro": 7.0,
        "controls.tempo.told": 0.9,
        "controls.tempo.wrong": 0.1,
    }


def test_an_evaluation_of_another_model_is_refused(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    (tmp_path / "evaluation").write_text(json.dumps(EVALUATION))

    assert facts.fingerprint(run) != EVALUATION["model"]
    with pytest.raises(FileRefused, match=r"is of another model than .*run"):
        facts.evaluated(tmp_path / "evaluation", run)


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '{"models": []}', '{"models": {"a": 1}}'])
def test_what_is_no_evaluation_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "evaluation").write_text(text)
    with pytest.raises(FileRefused, match=SENTENCE):
        facts.evaluated(tmp_path / "evaluation", tiny_folder())
