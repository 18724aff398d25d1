"""The built wheel, installed alone in an empty environment: it plays and bounces without torch."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from antiphon.bridge import midifile

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of an environment with the wheel in it, and nothing but what the wheel asks for."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=280)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    pip = [str(folder / "env" / "bin" / "pip"), "install", "--quiet", "--only-binary=:all:"]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=280)
    return folder / "env" / "bin"


def run(environment: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    # Without the sources on the path that other tests give their processes.
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "ALSA_CONFIG_PATH": "/dev/null"}
    return subprocess.run(
        [str(environment / command[0]), *command[1:]],
        cwd=folder, env=clean, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


@pytest.mark.timeout(600)
def test_the_wheel_alone_plays_and_bounces(environment: Path, tmp_path: Path) -> None:
    missing = run(environment, tmp_path, "python", "-c", "import torch")
    assert "ModuleNotFoundError" in missing.stderr

    bounced = run(environment, tmp_path, "antiphon", "bounce", "none", "x.mid", "--seed", "3")
    assert bounced.returncode == 0, bounced.stderr
    assert len(midifile.read(tmp_path / "x.mid").notes) > 3

    played = run(environment, tmp_path, "antiphon", "play", "--headless", "--answer", "4")
    assert played.returncode == 0, played.stderr
    assert {p.suffix for p in (tmp_path / "out").iterdir()} == {".mid", ".wav", ".png"}


def test_the_help_of_every_command_has_an_example(environment: Path, tmp_path: Path) -> None:
    for command in ("play", "bounce", "ports", "panic", "doctor", "serve", "models"):
        said = run(environment, tmp_path, "antiphon", command, "--help")
        assert said.returncode == 0, said.stderr
        assert f"Example: antiphon {command}" in said.stdout
    training = run(environment, tmp_path, "antiphon", "--help").stdout
    assert "train" not in training
