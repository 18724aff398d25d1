"""What a process holds in memory."""

from __future__ import annotations

import mmap
from pathlib import Path


def resident_mb(pid: int | str = "self") -> float:
    """Resident memory of a process, of this one unless told otherwise."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * mmap.PAGESIZE / 1e6
