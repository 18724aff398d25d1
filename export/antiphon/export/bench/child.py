"""An engine in a process of its own: how soon it is ready to play, and what it takes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from antiphon.engine.errors import EngineLost

TIMES = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process took in all its life."""

    cpu_s: float
    """Processor time of all its threads."""
    memory_mb: float
    """Resident memory: when it was largest, or where nobody knows that, at the end."""


@dataclass(frozen=True, slots=True)
class Start:
    """Of an engine that starts, and ends as soon as it is ready; medians."""

    ready_s: float
    """From the command to the moment that it listens."""
    cpu_s: float
    """Processor time of that."""
    memory_mb: float
    """Resident at most."""


def started(bundle: Path | None, told: Callable[[], None] = lambda: None) -> Start:
    """Start it `TIMES` times; `told` is called after each. Blocks."""
    found = []
    for _ in range(TIMES):
        child = Child(bundle)
        taken = child.close()
        found.append((child.ready_s, taken.cpu_s, taken.memory_mb))
        told()
    return Start(*(median(column) for column in zip(*found, strict=True)))


class Child:
    """One engine, from start to end. Blocks while it starts; EngineLost if it does not."""

    def __init__(self, bundle: Path | None = None) -> None:
        options = ["--bundle", str(bundle)] if bundle else []
        began = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "antiphon.engine", "--endpoint", "tcp://127.0.0.1:0",
             "--until-stdin-closes", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        self.ready_s = time.monotonic() - began
        """From the start to the line that says where it listens."""
        if not line:
            self.close()
            raise EngineLost("The engine did not start; what it said is above.")
        greeting: dict[str, Any] = json.loads(line)
        self.endpoint: str = greeting["endpoint"]
        self.pid = self._process.pid

    def close(self) -> Taken:
        """End it; what it took."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        memory_mb = _resident_mb(process.pid)
        process.stdin.close()
        process.stdout.close()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Taken(used.ru_utime + used.ru_stime, memory_mb)


def _resident_mb(pid: int) -> float:
    """What a process that lives, or has just ended, holds in memory; 0 if nobody can say.

    `wait4` is not asked: on Linux a child is said to hold what its parent did when it forked.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # no Linux
        said = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True).stdout
        return int(said or 0) * 1024 / 1e6
    (kilobytes,) = re.findall(r"VmHWM:\s*(\d+) kB", status) or [0]
    return int(kilobytes) * 1024 / 1e6
