"""However `antiphon play` ends, what was heard is in the files and nothing of it is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import IO

import pytest

from antiphon.bridge import midifile
from band import child_of, descendants, left_of

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

SHIPPED = Path(str(resources.files("antiphon.engine"))) / "bundles" / "default"
COMMAND = (sys.executable, "-m", "antiphon.bridge", "play", "--no-sound", "--headless")
ENOUGH_S = 0.6
"""Time for some notes of the phrase to be heard."""


@contextmanager
def playing(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`antiphon play` with the example phrase, some notes into it."""
    command = [*COMMAND, "--folder", str(folder / "out"), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        await_line(process.stdout, "Listening")
        time.sleep(ENOUGH_S)
        yield process
    finally:
        process.kill()
        process.communicate()


def await_line(stream: IO[str], begin: str) -> None:
    for line in stream:
        if line.startswith(begin):
            return
    raise AssertionError(f"nobody said {begin!r}")


def ended(process: subprocess.Popen[str], folder: Path, pids: list[int]) -> tuple[int, str]:
    """Exit code and last words of a play that kept what was heard and left nothing behind."""
    _, errors = process.communicate(timeout=60)
    (kept,) = (folder / "out").glob("*.mid")
    assert len(midifile.read(kept).notes) >= 1
    assert left_of(pids, 3) == []
    return process.returncode, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_that_ends_it_ends_it_in_order(tmp_path: Path, number: int) -> None:
    with playing(tmp_path) as process:
        pids = descendants(process.pid)
        assert len(pids) >= 3
        process.send_signal(number)
        assert ended(process, tmp_path, pids) == (0, "")


def test_impatience_costs_nothing(tmp_path: Path) -> None:
    with playing(tmp_path) as process:
        pids = descendants(process.pid)
        for _ in range(5):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert ended(process, tmp_path, pids) == (0, "")


def test_a_reader_that_left_costs_nothing(tmp_path: Path) -> None:
    with playing(tmp_path) as process:
        pids = descendants(process.pid)
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert ended(process, tmp_path, pids) == (0, "")


def test_an_engine_that_cannot_come_back_ends_it_with_everything_kept(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(SHIPPED, bundle)
    with playing(tmp_path, "--bundle", str(bundle)) as process:
        pids = descendants(process.pid)
        (bundle / "bundle.json").unlink()
        os.kill(child_of(process.pid, "antiphon.engine"), signal.SIGKILL)
        code, errors = ended(process, tmp_path, pids)

    assert code == 2
    assert "bundle.json is missing" in errors


@pytest.mark.parametrize("name", ["guard", "performer"])
def test_a_part_that_ends_by_itself_ends_it_with_a_sentence(tmp_path: Path, name: str) -> None:
    with playing(tmp_path) as process:
        pids = descendants(process.pid)
        os.kill(child_of(process.pid, f"antiphon.bridge.{name}"), signal.SIGKILL)
        code, errors = ended(process, tmp_path, pids)

    assert code == 3
    assert errors.startswith(f"The {'MIDI guard' if name == 'guard' else name} ended")
    assert len(errors.splitlines()) == 1


def test_a_killed_one_leaves_no_process(tmp_path: Path) -> None:
    with playing(tmp_path) as process:
        pids = descendants(process.pid)
        assert len(pids) >= 4
        process.kill()
        assert left_of(pids, 3) == []


def test_what_the_engine_will_never_take_is_one_sentence(tmp_path: Path) -> None:
    for options, word in ((("--style", "x" * 81), "style"), (("--style", "nobody"), "nobody")):
        command = [*COMMAND, "--folder", str(tmp_path), *options]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 2
        assert word in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
