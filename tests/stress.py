"""Forty hard or broken MIDI files from the test suites of other MIDI libraries."""

from __future__ import annotations

import functools
import os
import tarfile
from pathlib import Path

import pytest

from scratch import scratch

ARCHIVE = Path(__file__).parents[2] / "shared" / "data" / "midi-stress.tar.xz"


@functools.cache
def stress_files() -> tuple[Path, ...]:
    """The files, unpacked once a run; fails the test if the archive is missing."""
    archive = Path(os.environ.get("ANTIPHON_STRESS", ARCHIVE))
    if not archive.exists():
        pytest.fail(f"The stress files are missing: put them at {archive} or set ANTIPHON_STRESS.")
    folder = scratch("stress")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    return tuple(
        sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi", ".rmi"))
    )
