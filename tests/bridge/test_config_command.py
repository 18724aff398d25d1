from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from antiphon.bridge import bindings, config_command, preferences
from antiphon.bridge.flags import Flags
from antiphon.engine.errors import FileRefused, UserError

APP = typer.Typer()
PLAYED: list[dict[str, Any]] = []


@APP.callback()
def about(context: typer.Context) -> None:
    context.default_map = config_command.defaults(context)


@APP.command()
def play(
    source: Annotated[str | None, typer.Option("--in")] = None,
    style: Annotated[list[str] | None, typer.Option()] = None,
    tempo: Annotated[float | None, typer.Option(min=20, max=400)] = None,
    answer_beats: Annotated[int | None, typer.Option()] = None,
    sound: Annotated[bool, typer.Option()] = True,
) -> None:
    PLAYED.append(locals())


config_command.register(APP)
USUAL = {"source": None, "style": None, "tempo": None, "answer_beats": None, "sound": True}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    PLAYED.clear()
    return tmp_path / "antiphon" / "config.toml"


def antiphon(*words: str) -> str:
    result = CliRunner().invoke(APP, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def played(*words: str) -> dict[str, Any]:
    antiphon("play", *words)
    return {key: value for key, value in PLAYED.pop().items() if value != USUAL[key]}


def refused(*words: str) -> str:
    with pytest.raises(UserError) as caught:
        antiphon(*words)
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_what_is_set_is_what_play_does_until_it_is_unset(config: Path) -> None:
    assert antiphon("config") == f"{config} (not there: nothing is set)\n"
    assert played() == {}
    assert antiphon("config", "set", "tempo", "96") == "tempo = 96\n"
    antiphon("config", "set", "in", "reface; transpose -12")
    antiphon("config", "set", "style", "chopin", "hymn")
    antiphon("config", "set", "sound", "off")
    antiphon("config", "set", "midi.panic", "note 36 ch 10")
    said = {"tempo": 96.0, "in": "reface; transpose -12", "style": ["chopin", "hymn"]}
    said |= {"sound": False}
    assert json.loads(antiphon("config", "--json")) == {
        "path": str(config), "exists": True, "values": said | {"midi": {"panic": "note 36 ch 10"}}
    }  # fmt: skip
    assert antiphon("config").splitlines() == [
        str(config),
        "  tempo = 96.0",
        "  in = reface; transpose -12",
        "  style = chopin, hymn",
        "  sound = false",
        "  midi.panic = note 36 ch 10",
    ]
    said["source"] = said.pop("in")
    assert played() == said
    for key in ("tempo", "in", "style", "sound", "midi.panic"):
        antiphon("config", "unset", key)
    assert played() == {}


def test_a_flag_goes_before_the_configuration() -> None:
    antiphon("config", "set", "tempo", "96")
    antiphon("config", "set", "style", "chopin")
    antiphon("config", "set", "sound", "false")
    assert played("--tempo", "60", "--style", "hymn", "--sound") == {"tempo": 60, "style": ["hymn"]}


def test_comments_and_order_stay(config: Path) -> None:
    config.parent.mkdir()
    config.write_text('# mine\ntempo = 96  # slow\n\n[midi]\nkeep = "cc 20"\n')
    antiphon("config", "set", "answer-beats", "8")
    antiphon("config", "set", "midi.keep", "cc 21")
    antiphon("config", "set", "tempo", "97")
    assert config.read_text() == (
        '# mine\ntempo = 97.0  # slow\nanswer-beats = 8\n\n[midi]\nkeep = "cc 21"\n'
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("seed = 3\n\ntempi = 96\n", "line 1: seed: there is no such key; there are in, style"),
        ("\ntempo = 500", "line 2: tempo: .*20.*400|line 2: tempo: .*400"),
        ("tempo = 'fast'", "line 1: tempo: .*number"),
        ("answer-beats = 3.5", "line 1: answer-beats: .*integer"),
        ("sound = 1", "line 1: sound: 1 is neither true nor false"),
        ("in = ['a', 'b']", "line 1: in: takes one value"),
        ("tempo = !", "is no TOML.*line 1"),
        ("[play]\ntempo = 96", "line 1: play: there is no such key"),
        ("midi = 3", "line 1: midi is a table"),
        ("[midi]\npanick = 'cc 1'", "line 2: 'panick' cannot be bound; there are handover"),
        ("[midi]\npanic = 'cc 128'", "line 2: 'cc 128' has no number of MIDI"),
        ("[midi]\npanic = 7", "line 2: panic is bound to a text"),
        ("[midi]\npanic = 'cc 1'\nkeep = 'cc 1'", "cc 1 is bound to panic and to keep"),
        ("[midi]\ndensity = 'note 36'", "line 2: density is a dial"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(config: Path, text: str, complaint: str) -> None:
    config.parent.mkdir()
    config.write_text(text)
    for words in (["play"], ["config"]):
        said = refused(*words)
        assert str(config) in said
        assert re.search(complaint, said), said
    antiphon("config", "path")


def test_what_would_be_wrong_is_not_written(config: Path) -> None:
    antiphon("config", "set", "tempo", "96")
    before = config.read_text()
    for words in (("tempo", "500"), ("tempo", "1", "2"), ("tempi", "9"), ("midi.panic", "key 3")):
        refused("config", "set", *words)
    refused("config", "unset", "style")
    assert config.read_text() == before


def test_a_file_that_cannot_be_read_is_said_so(config: Path) -> None:
    config.parent.mkdir()
    config.write_bytes(b"\xff\xfe")
    with pytest.raises(FileRefused, match="cannot be read"):
        antiphon("config")


def test_what_is_learnt_is_kept_and_takes_its_place(config: Path) -> None:
    flags = Flags(typer.main.get_command(APP).commands["play"])  # type: ignore[attr-defined]

    def bound() -> dict[str, str]:
        return bindings.texts(preferences.bound(preferences.load(flags)))

    assert bound() == {"handover": "cc 67"}
    preferences.keep_learnt("panic", bindings.Trigger.parse("note 36 ch 10"))
    assert bound() == {"handover": "cc 67", "panic": "note 36 ch 10"}
    preferences.keep_learnt("keep", bindings.Trigger.parse("cc 67"))
    assert bound() == {"keep": "cc 67", "panic": "note 36 ch 10"}
    table = preferences.bound(preferences.load(flags), ["panic = cc 9", "undo=cc 10"])
    assert bindings.texts(table) == {"keep": "cc 67", "panic": "cc 9", "undo": "cc 10"}
    with pytest.raises(UserError, match="binds nothing"):
        preferences.bound(preferences.load(flags), ["panic"])
