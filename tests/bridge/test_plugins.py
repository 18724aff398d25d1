"""Built plugins are put where hosts look, replaced, listed and taken away."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from antiphon.bridge import plugins
from antiphon.bridge.app import APP
from antiphon.engine.errors import MachineError, UserError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def build(folder: Path, text: str = "new") -> Path:
    """A bundle that is a folder and one that is a file, as DPF builds them."""
    inside = folder / "antiphon.vst3" / "Contents"
    inside.mkdir(parents=True, exist_ok=True)
    (inside / "antiphon.so").write_text(text)
    (folder / "antiphon-instrument.clap").write_text(text)
    (folder / "antiphon").write_text("the JACK program is not for hosts")
    return folder


def antiphon(*words: str) -> str:
    result = CliRunner().invoke(APP, ["plugin", *words], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_what_was_built_is_found_by_hosts_replaced_listed_and_taken_away(home: Path) -> None:
    vst3, clap = home / ".vst3/antiphon.vst3", home / ".clap/antiphon-instrument.clap"
    other = home / ".clap/other.clap"
    assert "None is installed" in antiphon("list")

    antiphon("install", "--from", str(build(home / "built", "old")))
    other.write_text("somebody else's")
    (vst3 / "Contents" / "stale").write_text("of an older version")
    with clap.open() as loaded:
        antiphon("install", "--from", str(build(home / "built")))
        assert loaded.read() == "old"

    assert (vst3 / "Contents/antiphon.so").read_text() == clap.read_text() == "new"
    assert not (vst3 / "Contents" / "stale").exists()
    assert antiphon("list").split() == [str(clap), str(vst3)]
    antiphon("remove")
    assert plugins.installed() == []
    assert list((home / ".clap").iterdir()) == [other]


def test_what_was_never_built_is_said_in_one_sentence(home: Path) -> None:
    with pytest.raises(UserError, match=r"no plugins in .*`make vst` builds them"):
        plugins.built(home)


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(home: Path) -> None:
    (home / ".clap").write_text("a file where the folder should be")
    with pytest.raises(MachineError, match="Cannot write"):
        plugins.install(plugins.built(build(home / "built"))[0])


@pytest.mark.parametrize(
    ("platform", "kind", "folder"),
    [
        ("linux", "lv2", ".lv2"),
        ("darwin", "vst3", "Library/Audio/Plug-Ins/VST3"),
        ("win32", "clap", "AppData/Local/Programs/Common/CLAP"),
        ("win32", "lv2", "AppData/Roaming/LV2"),
    ],
)
def test_where_hosts_look(platform: str, kind: str, folder: str) -> None:
    home = Path("/home/musician")
    assert plugins.folder_of(kind, platform, home, {}) == home / folder
