"""What the Makefile would do: nobody takes CUDA's gigabytes who did not ask for them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def dry(target: str, venv: Path) -> list[str]:
    """The commands for a target where nothing is installed yet."""
    command = ["make", "--dry-run", target, f"VENV={venv}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.replace("\\\n", "").splitlines()


@pytest.mark.parametrize("target", ["setup-training", "setup-tests"])
def test_torch_for_the_cpu_comes_before_what_needs_torch(target: str, tmp_path: Path) -> None:
    commands = [line for line in dry(target, tmp_path / "venv") if "pip install" in line]
    torch = next(i for i, line in enumerate(commands) if "torch==" in line)
    needs_it = next(i for i, line in enumerate(commands) if "[export]" in line)

    assert torch < needs_it
    assert "https://download.pytorch.org/whl/cpu" in commands[torch]
    assert "pip show -qq torch" in commands[torch]  # one that is there already stays


def test_every_make_that_the_readme_names_is_there() -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert "setup-training" in named
    assert named <= targets
