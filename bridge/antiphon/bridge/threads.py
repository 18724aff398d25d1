"""Whether the threads that libraries started in this process do anything, as the kernel says."""

from __future__ import annotations

import os
import threading
from contextlib import suppress

_THREADS = "/proc/self/task"
_AT_REST = frozenset("SIXZ")
"""Asleep until something comes, or over."""


def others_are_busy() -> bool:
    """Whether any thread but the asking one runs, or is about to. [may block]

    False where the system does not tell.
    """
    mine = str(threading.get_native_id())
    with suppress(OSError):
        return any(
            _state(thread) not in _AT_REST for thread in os.listdir(_THREADS) if thread != mine
        )
    return False


def _state(thread: str) -> str:
    # A thread that ended meanwhile is as good as one that is over.
    with suppress(OSError), open(f"{_THREADS}/{thread}/stat") as file:
        # The name before it may contain anything, parentheses too.
        return file.read().rsplit(") ", 1)[1][0]
    return "X"
