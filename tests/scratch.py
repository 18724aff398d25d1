"""Folders that what is made once a run lies in, gone with it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def scratch(name: str) -> Path:
    """A new, empty folder, until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix=f"antiphon-{name}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
