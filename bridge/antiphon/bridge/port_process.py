"""What the processes that own ports have in common: they heed their pipe, and can begin afresh.

When the MIDI system dies, its clients cannot even be closed. A process that owns one then becomes
another by `exec`: same process id, same pipes, nothing left of the old threads and sockets.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

LOOK_NS = 250_000_000
"""How often ports are looked for: sooner than a hand puts back the plug it pulled."""
IN_FD, OUT_FD = 0, 1
_FIRST_OTHER_FD, _MOST_FDS = 3, 1024


def heed_only_the_pipe() -> None:
    """Ctrl-C and a closed terminal reach the whole group; notes must still be ended."""
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def hush() -> None:
    """What libraries print goes nowhere from now on; Python's own complaints still show."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.close(null)


def real_time(priority: int) -> bool:
    """Ask for SCHED_FIFO; children do not inherit it. Whether it was granted."""
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except (AttributeError, OSError):
        return False
    return True


def say(answer: dict[str, object]) -> None:
    """A line of JSON to the parent; not at all, rather than wait."""
    os.set_blocking(OUT_FD, False)
    with suppress(BlockingIOError, BrokenPipeError):
        os.write(OUT_FD, json.dumps(answer).encode() + b"\n")
    os.set_blocking(OUT_FD, True)


def afresh(module: str, options: Sequence[str]) -> NoReturn:
    """Become `python -m module` with these options, on the same pipes. [may block]"""
    for fd in range(_FIRST_OTHER_FD, _MOST_FDS):
        with suppress(OSError):
            os.set_inheritable(fd, False)
    if sys.stderr.fileno() != 2:
        os.dup2(sys.stderr.fileno(), 2)
    os.execv(sys.executable, [sys.executable, "-m", module, *options])
