"""A bundle is refused, in one sentence, before anything damaged reaches the graph loader."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from antiphon.engine import bundle
from antiphon.engine.errors import BundleRefused
from antiphon.engine.model import Model
from bundles import STYLES, tiny_folder

SENTENCE = r"^[^\n]+\.$"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_folder(), tmp_path / "bundle"))


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    about = json.loads((folder / "bundle.json").read_text())
    change(about)
    (folder / "bundle.json").write_text(json.dumps(about))


def test_a_whole_bundle_loads_with_its_styles(folder: Path) -> None:
    loaded = bundle.load(folder)

    assert loaded.about.styles == STYLES
    assert loaded.vocabulary.size == loaded.about.shape.vocabulary
    assert set(loaded.graphs) == set(bundle.GRAPHS)


@pytest.mark.parametrize("name", ["model.onnx", "velocity.onnx", "bundle.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleRefused, match=name) as refused:
        bundle.load(folder)
    refused.match(SENTENCE)


@pytest.mark.parametrize("name", bundle.GRAPHS)
def test_a_changed_byte_is_found(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleRefused, match=f"{name}.*SHA-256"):
        bundle.load(folder)


def test_a_graph_without_a_checksum_is_refused(folder: Path) -> None:
    changed(folder, lambda about: about["sha256"].pop("model.onnx"))
    with pytest.raises(BundleRefused, match="SHA-256"):
        bundle.load(folder)


def test_another_schema_is_refused_with_both_numbers(folder: Path) -> None:
    changed(folder, lambda about: about.update(schema=99))
    with pytest.raises(BundleRefused, match=r"schema 99.*reads 4"):
        bundle.load(folder)


def test_another_vocabulary_is_refused(folder: Path) -> None:
    changed(folder, lambda about: about["styles"].append("Mozart_WA"))
    with pytest.raises(BundleRefused, match="another vocabulary"):
        bundle.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 4}', "\x00\x01"])
def test_a_description_that_is_none_is_refused(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text)
    with pytest.raises(BundleRefused, match="cannot be understood"):
        bundle.load(folder)


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "bundle.json").write_bytes(b'{"schema": 4, "name": "\xff\xfe"}')
    with pytest.raises(BundleRefused, match="cannot be understood"):
        bundle.load(folder)


def test_impossible_sizes_are_refused(folder: Path) -> None:
    changed(folder, lambda about: about["shape"].update(n_layers=10**9))
    with pytest.raises(BundleRefused, match="n_layers"):
        bundle.load(folder)


def test_a_file_too_large_is_refused_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_FILE_BYTES", 1000)
    with pytest.raises(BundleRefused, match="larger than"):
        bundle.load(folder)


def test_no_folder_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="holds no bundle"):
        bundle.load(tmp_path / "nowhere")


def test_a_training_run_is_told_from_a_bundle(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(BundleRefused, match="is a training run, and only bundles play: export it"):
        bundle.load(tmp_path)


def test_a_bundle_can_be_named_by_the_environment(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTIPHON_BUNDLE", str(folder))
    assert bundle.default_folder() == folder
    monkeypatch.delenv("ANTIPHON_BUNDLE")
    assert bundle.default_folder() == bundle.DEFAULT


def test_a_graph_that_is_none_is_refused_by_the_loader(folder: Path) -> None:
    loaded = bundle.load(folder)
    broken = bundle.Bundle(loaded.about, {**loaded.graphs, "model.onnx": b"no graph"})
    with pytest.raises(BundleRefused, match="ONNX Runtime"):
        Model(broken)
