"""A session is played again from its journal: the same bytes each time, and as they were."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from antiphon.bridge import journal, link, midifile, results, session_commands, sessions
from antiphon.bridge.config import Mode, Settings
from antiphon.bridge.recording import ANSWER, PLAYER
from antiphon.bridge.replay import recorded, replay
from performance import Live

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

APP = typer.Typer()
session_commands.register(APP)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sessions are kept."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data" / "antiphon" / "sessions"


def antiphon(*arguments: str) -> str:
    result = CliRunner().invoke(APP, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def play(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--headless", "--no-sound"]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def read(folder: Path) -> journal.Journal:
    (path,) = sessions.newest_first(folder)
    found = journal.read(path.read_bytes())
    assert found is not None
    return found


def files_of_three(
    found: journal.Journal, folder: Path, reasons: tuple[str, ...] = ()
) -> set[bytes]:
    """The MIDI files of three replays, none of which differs from what was heard."""
    files = set()
    for number in range(3):
        again = replay(found)
        assert again.differing == 0
        assert {*reasons} <= {*again.reasons}
        results.write(again.piece, folder / f"{number}.mid")
        files.add((folder / f"{number}.mid").read_bytes())
    return files


def test_a_phrase_and_its_answer_come_out_again_byte_by_byte(data: Path, tmp_path: Path) -> None:
    result = play("--seed", "5", "--answer", "4")
    assert result.returncode == 0, result.stderr
    (kept,) = (tmp_path / "out").glob("*.mid")

    assert files_of_three(read(data), tmp_path) == {kept.read_bytes()}
    saved = tmp_path / "saved.mid"
    assert "saved.mid: " in antiphon("save", "--to", str(saved))
    assert saved.read_bytes() == kept.read_bytes()

    told = json.loads(antiphon("sessions", "--json").splitlines()[-1])
    (one,) = told["sessions"]
    tracks = recorded(read(data)).recording.tracks()
    assert (one["played"], one["answered"]) == (len(tracks[PLAYER]), len(tracks[ANSWER]))
    assert one["name"] in antiphon("sessions")
    assert not one["running"]

    again = tmp_path / "again.mid"
    facts = json.loads(antiphon("replay", one["name"], "--to", str(again), "--json"))
    assert (facts["differing"], facts["reasons"]) == (0, [])
    assert again.read_bytes() == kept.read_bytes()

    last = json.loads(antiphon("save", "--last", "2bars", "--json").splitlines()[-1])
    assert 0 < sum(last["notes"].values()) < one["played"] + one["answered"]
    assert midifile.read(Path(last["path"])).metre == (4, 4)


def test_whoever_interrupts_hands_over_and_loses_the_engine_is_replayed_the_same(
    tmp_path: Path,
) -> None:
    chance = random.Random(3)
    live = Live(tmp_path / "live", Settings(seed=3))
    try:
        live.keys(chance, 6)
        live.turned("answering")
        live.sounded(5)
        live.keys(chance, 4)
        live.pedal()
        live.turned("answering", 2)
        live.sounded(3)
        live.engine.revive(force=True)
        live.turned("recovering")
        live.turned("answering", 3)
        live.sounded(4)
        live.performer.act("panic")
        live.turned("idle")
        live.performer.act("handover")
        live.turned("answering", 4)
        live.sounded(3)
    finally:
        live.close()
    found = read(tmp_path / "live")

    assert len(files_of_three(found, tmp_path, ("The engine was lost once.",))) == 1


@pytest.mark.parametrize("takes", [1, 3])
def test_playing_together_and_several_takes_are_replayed_the_same(
    tmp_path: Path, takes: int
) -> None:
    chance = random.Random(takes)
    mode = Mode.TOGETHER if takes == 1 else Mode.CALL
    live = Live(tmp_path / "live", Settings(seed=4, mode=mode, takes=takes, instruments=(4, 5)))
    try:
        live.keys(chance, 12)
        if takes > 1:
            live.turned("answering")
        live.sounded(6)
        live.keys(chance, 6)
        live.performer.act("handover")
        live.sounded(1)
    finally:
        live.close()

    assert len(files_of_three(read(tmp_path / "live"), tmp_path)) == 1


def test_a_session_can_be_saved_while_it_is_played_and_after_everybody_was_killed(
    data: Path, tmp_path: Path
) -> None:
    live = Live(data, Settings())
    try:
        live.keys(random.Random(1), 5)
        live.turned("answering")
        live.sounded(4)
        (path,) = sessions.newest_first(data)
        assert json.loads(antiphon("sessions", "--json"))["sessions"][0]["running"]
        antiphon("save", "--to", "now.mid")
        os.kill(live.performer.pid, 9)
        live.wait(lambda: not sessions.in_use(path))
        antiphon("save", "--to", "then.mid")
    finally:
        live.close()

    now, then = (len(midifile.read(tmp_path / f"{name}.mid").notes) for name in ("now", "then"))
    heard = sum(isinstance(m, link.Sounded) and m.message[0] & 0xF0 == 0x90 for m in live.told)
    played = sum(isinstance(m, link.Played) and m.message[0] & 0xF0 == 0x90 for m in live.told)
    assert 0 < now <= then
    assert then >= played + heard


def test_where_nothing_can_be_written_one_sentence_says_so_and_playing_goes_on() -> None:
    live = Live(Path("/proc/antiphon"), Settings())
    try:
        live.keys(random.Random(1), 4)
        live.turned("answering")
        live.sounded(4)
    finally:
        live.close()
    said = live.said

    assert len(said) == 2
    assert said[0].startswith("Nothing can be recorded in /proc/antiphon now (")
    assert said[1].endswith("events at the end could not be recorded.")
