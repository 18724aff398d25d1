"""Libraries of ours that a program is started with, whose functions take the place of others."""

from __future__ import annotations

import subprocess
from pathlib import Path


def built(source: Path, folder: Path) -> str:
    """The library of a C file, for LD_PRELOAD."""
    library = folder / f"{source.stem}.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)
