"""A disk that is full or read-only, at the start and in the midst: playing goes on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import small_disk

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

WHY = {"full": "No space left on device", "read-only": "Read-only file system"}


@pytest.mark.parametrize("how", WHY)
def test_a_disk_that_cannot_be_written_on_stops_nobody_and_leaves_no_half_file(
    tmp_path: Path, how: str
) -> None:
    folder = tmp_path / "disk"
    result = subprocess.run(
        small_disk.command(folder, how), capture_output=True, text=True, check=False, timeout=90
    )
    assert result.returncode == 0, result.stderr
    seen = small_disk.Seen(**json.loads(result.stdout.splitlines()[-1]))

    assert min(seen.sounded) > 0, "every phrase is answered"
    trouble = (
        f"Nothing can be recorded in {folder / 'sessions'} now ({WHY[how]}):"
        " the last minute is kept in memory until it can."
    )
    assert seen.said == [trouble, "Recording goes on."] * 2, "one sentence each time"
    assert seen.halves == 0
    before, amid, after = seen.files
    assert before == []
    assert amid == after
    assert [Path(name).suffix for name in after] == [".antiphon"]
    assert seen.numbers == list(range(1, len(seen.numbers) + 1)), "nothing was lost"
    assert seen.recorded == seen.played > 0
