"""What the commands refuse before anything begins, as a user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bundles import tiny_folder

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("no_midi")]


def antiphon(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A command in an empty folder, which it must leave empty."""
    command = [sys.executable, "-m", "antiphon.bridge", *map(str, arguments)]
    result = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )
    assert list(folder.iterdir()) == []
    return result


@pytest.mark.parametrize("command", [("play",), ("bounce", "none", "x.mid")])
def test_a_style_that_is_not_there_is_refused_before_anything_begins(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    result = antiphon(tmp_path, *command, "--style", "hymms", "--bundle", tiny_folder())

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "No style is called 'hymms' (near it: hymn); "
        f"`antiphon models {tiny_folder()}` names all.\n"
    )


def test_no_style_has_so_long_a_name(tmp_path: Path) -> None:
    result = antiphon(tmp_path, "play", "--style", "x" * 81)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "No style has a name longer than 80 characters.\n"


def test_a_style_cannot_be_taken_from_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = antiphon(tmp_path, "play", "--like", "nowhere.mid")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "nowhere.mid" in result.stderr


@pytest.mark.parametrize("source", ["virtual", "my keyboard"])
def test_keys_that_cannot_be_heard_without_midi_are_not_waited_for(
    tmp_path: Path, source: str
) -> None:
    result = antiphon(tmp_path, "play", "--in", source)

    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == antiphon(tmp_path, "panic").stderr
    assert "modprobe snd-seq" in result.stderr


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("pley",), "No such command 'pley'"),
        (("play", "song.mid"), "Got unexpected extra argument"),
        (("play", "--bundle", "nowhere"), "nowhere"),
        (("bounce", "song.mid"), "Missing argument"),
        (("play", "--seed", "many"), "--seed"),
        (("play", "--grid", "half"), "--grid': 'half' is not one of"),
        (("play", "--latency-out", "501"), "--latency-out"),
    ],
)
def test_what_is_asked_wrongly_is_refused_in_one_line_that_says_where_to_read(
    tmp_path: Path, asked: tuple[str, ...], said: str
) -> None:
    result = antiphon(tmp_path, *asked)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert "--help` shows how.\n" in result.stderr


@pytest.mark.parametrize("moment_s", [0.02, 0.08, 0.2, 0.5, 1.0])
def test_ctrl_c_while_it_loads_says_nothing(tmp_path: Path, moment_s: float) -> None:
    kill = f"lambda: (time.sleep({moment_s}), os.kill(os.getpid(), signal.SIGINT))"
    program = (
        "import os, signal, sys, threading, time\n"
        "from antiphon.bridge.__main__ import main\n"
        "sys.argv = ['antiphon', 'ports']\n"
        f"threading.Thread(target={kill}, daemon=True).start()\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )

    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 3, 130, -2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("play", "--clock", "guess", "--click"), "say --tempo 96 too"),
        (("play", "--grid", "beat"), "--clock guess"),
        (("doctor", "--out", "synth"), "A cable has two ends"),
        (("play", "--phrase", "x.mid", "--in", "virtual"), "leave out --in"),
        (("play", "--clock", "midi"), "A file sends no MIDI clock"),
        (("play", "--folder", "/dev/null/out"), "/dev/null is no folder"),
        (("bounce", "x.mid", "./x.mid"), "give the answer another name"),
        (("bounce", "none", "x.mid", "--minutes", "1", "--answer-beats", "8"), "leave one out"),
    ],
)
def test_what_makes_no_sense_together_is_refused_with_what_does(
    tmp_path: Path, asked: tuple[str, ...], said: str
) -> None:
    result = antiphon(tmp_path, *asked)

    assert result.returncode == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_it_says_which_version_it_is(tmp_path: Path) -> None:
    result = antiphon(tmp_path, "--version")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("antiphon 0.")


def test_groups_of_commands_show_an_example_too(tmp_path: Path) -> None:
    for group in ("config", "plugin"):
        assert "Example: antiphon " in antiphon(tmp_path, group, "--help").stdout
