"""A function that some things kill the process of, for tests of what survives that."""

from __future__ import annotations

import os


def doubled(number: int) -> int:
    """Twice the number; a negative one ends the process on the spot."""
    if number < 0:
        os._exit(1)
    return 2 * number
