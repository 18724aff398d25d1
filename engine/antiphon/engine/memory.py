"""Memory that is asked for in full at the start, and taken page by page as it is written.

NumPy asks Linux for huge pages. The first write to each stops everything while 2 MiB are cleared:
measured, 70 ms the first time that a place slides or sixteen sessions begin. Small pages cost
nothing that can be measured, and less memory.
"""

from __future__ import annotations

import math
import mmap
from contextlib import suppress

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
_OURS = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
"""Shared pages, which Unix gives unless asked, would be taken by reading, too."""


def zeros(shape: tuple[int, ...], kind: np.dtype[np.generic]) -> Array:
    """An array of zeros that takes memory only where it is written. It stays until let go of."""
    pages = mmap.mmap(-1, math.prod(shape) * kind.itemsize, **_OURS)
    # A system that has no huge pages needs no asking, and some refuse to be asked.
    with suppress(AttributeError, OSError):
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, kind).reshape(shape)
