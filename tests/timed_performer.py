"""The performer, telling of each message when it really had been sent.

`python timed_performer.py ORDER`; with `ordinary` before the order, without asking for real time.
The performer's own word is when the turn of its loop began, which is a little sooner. For answers
alone: no keys go through and nothing clicks, for what is sent is told apart by its bytes.
"""

from __future__ import annotations

import stat
import sys
import time
from collections import defaultdict, deque
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from antiphon.bridge import performer
from antiphon.bridge.outputs import Outputs
from antiphon.bridge.performer import Order
from antiphon.bridge.performer_process import PerformerProcess

SENT_NS: dict[bytes, deque[int]] = defaultdict(deque)
"""When each message had been sent, until it is told of; one may be due twice at a time."""


class TimedOutputs(Outputs):
    """Looks at the clock behind each message."""

    def send(self, message: bytes) -> None:
        super().send(message)
        SENT_NS[message].append(time.monotonic_ns())


class TimedReport(performer.Report):
    """Tells what the clock said."""

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        super().sounded(wanted_ns, SENT_NS[message].popleft(), message)


def timed(order: Order, folder: Path, *, ordinary: bool) -> PerformerProcess:
    """Start one; `folder` is for what it is started by."""
    command = f'"{sys.executable}" "{__file__}" {"ordinary" * ordinary}'
    folder.mkdir(exist_ok=True)
    script = folder / "timed"
    script.write_text(f'#!/bin/sh\nexec {command} "$3"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    with patch.object(sys, "executable", str(script)):
        return PerformerProcess(order)


if __name__ == "__main__":
    ordinary = "ordinary" in sys.argv
    sys.argv = [sys.argv[0], sys.argv[-1]]
    with ExitStack() as stack:
        stack.enter_context(patch.object(performer, "Report", TimedReport))
        stack.enter_context(patch.object(performer, "Outputs", TimedOutputs))
        if ordinary:
            stack.enter_context(patch.object(performer, "real_time", lambda priority: False))
        sys.exit(performer.main())
