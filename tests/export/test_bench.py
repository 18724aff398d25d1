"""The command as a user gives it, on tiny networks: a table, a section, a last line of JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from antiphon.engine.errors import UserError
from antiphon.export.bench import bench, child, genai, llama, overhead
from antiphon.export.bench.bench import Plan
from antiphon.export.commands import register
from bundles import tiny_folder


def said(*options: str) -> Result:
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, ["bench", *options])


def test_the_table_comes_first_and_json_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "MANY", 3)
    monkeypatch.setattr(child, "TIMES", 1)
    monkeypatch.setattr(overhead, "HEARD_NOTES", 20)
    report = tmp_path / "BENCHMARKS.md"
    tiny = ["--bundle", str(tiny_folder()), "--shape", "tiny", "--rounds", "1", "--live", "0"]
    result = said(*tiny, "--report", str(report))

    assert result.exit_code == 0
    *table, last = result.stdout.splitlines()
    found = json.loads(last)
    assert set(found["shapes"]) == {"default", "tiny"}
    for shape in found["shapes"].values():
        assert [of["sessions"] for of in shape["decodings"]] == [1, 3]
        assert all(len(of["contenders"]) == 5 for of in shape["decodings"])
    assert [o["sessions"] for o in found["overhead"]] == [1, 3]
    assert found["live"] == []
    assert any("--peers" in note for note in found["notes"])
    assert "## How fast it is" in report.read_text()
    assert "\n".join(table).strip() in report.read_text()


def test_peers_that_are_missing_or_broken_are_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(genai, "PACKAGES", ("json",))
    monkeypatch.setattr(llama, "PACKAGES", ("no_such_package", "json"))

    there, notes = bench.present(wanted=True)
    assert there == [genai]
    assert notes == ["llama.cpp was left out: no_such_package not installed."]

    (tmp_path / "broken_package.py").write_text("raise OSError('no library')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(llama, "PACKAGES", ("broken_package",))
    assert bench.present(wanted=True) == (
        [genai],
        ["llama.cpp was left out: it cannot be loaded (no library)."],
    )


def test_a_shape_that_is_not_there_is_refused_before_anything_is_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bench, "started", lambda bundle: pytest.fail("it began"))

    with pytest.raises(UserError, match="no shape 'huge'"):
        bench.bench(Plan(tiny_folder(), shape="huge"))


def test_the_help_has_an_example() -> None:
    assert "Example: antiphon bench" in said("--help").stdout
