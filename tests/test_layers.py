"""What playing loads: no torch, and in the bridge no model either."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOADED = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
unwanted = set(sys.argv[1].split(",")) & set(sys.modules)
sys.exit(f"{sorted(unwanted)} came with {sys.argv[2:]}" if unwanted else 0)
"""


def modules(folder: str) -> list[str]:
    files = sorted((ROOT / folder / "antiphon" / folder).glob("*.py"))
    return [f"antiphon.{folder}.{file.stem}" for file in files if file.stem != "__init__"]


@pytest.mark.parametrize(
    ("folder", "unwanted"), [("bridge", "torch,onnx,onnxruntime"), ("engine", "torch,onnx")]
)
def test_importing_a_folder_loads_nothing_heavy(folder: str, unwanted: str) -> None:
    command = [sys.executable, "-c", LOADED, unwanted, *modules(folder)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
