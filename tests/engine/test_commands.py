"""The engine's commands, in this very process, with the bundle of the tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from antiphon.engine import bundle, commands
from antiphon.engine.errors import BundleRefused, UserError
from bundles import tiny_folder

STYLES = ["Hymn", "chopin_f"]
"""In the order of their ids, which is neither that of the alphabet nor that of their bytes."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = Path(shutil.copytree(tiny_folder(), tmp_path / "bundle"))
    about = json.loads((copy / "bundle.json").read_text())
    (copy / "bundle.json").write_text(json.dumps({**about, "styles": STYLES}))
    return copy


def models(*options: str) -> str:
    app = typer.Typer()
    commands.register(app)
    result = CliRunner().invoke(app, ["models", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_models_lists_the_styles_by_the_alphabet_and_their_ids_stay(folder: Path) -> None:
    assert "2 styles:\n  chopin_f, Hymn\n" in models(str(folder))
    assert json.loads(models(str(folder), "--json"))["styles"] == ["chopin_f", "Hymn"]
    assert list(bundle.load(folder).vocabulary.styles) == STYLES


def test_styles_are_checked_by_any_part_of_their_names(folder: Path) -> None:
    commands.check_styles([], folder)
    commands.check_styles(["chopin", "HYMN"], folder)
    with pytest.raises(UserError, match=r"'hymnal' \(near it: Hymn\)") as refused:
        commands.check_styles(["chopin", "hymnal"], folder)
    assert f"; `antiphon models {folder}` names all." in str(refused.value)
    with pytest.raises(UserError, match="; `antiphon models` names all"):
        commands.check_styles(["no such style"])


def test_a_folder_without_a_bundle_knows_no_style(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="holds no bundle"):
        commands.check_styles(["chopin"], tmp_path)
