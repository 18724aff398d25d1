"""A performer that does nothing but write its journal, for whoever wants to kill it.

`python -m journal_writer FOLDER` writes events until it is killed, and tells on standard output
the numbers of the latest that was given to the recorder and of the latest that is on disk.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from pathlib import Path

from antiphon.bridge import journal, link
from antiphon.bridge.config import Settings
from antiphon.bridge.recorder_process import RecorderProcess

NUMBERS = struct.Struct("=QQ")


def began(name: str = "2026-11-21T14:03:22+01:00") -> journal.Began:
    return journal.Began(journal.VERSION, name, 0, Settings())


def write(recorder: RecorderProcess, events: int = 5) -> None:
    """So many events, told in one turn of a loop."""
    for _ in range(events):
        recorder.event(link.Played(recorder.written + 1, b"\x90\x40\x40"))
    recorder.push(time.monotonic_ns())


if __name__ == "__main__":
    recorder = RecorderProcess(Path(sys.argv[1]), began())
    while True:
        write(recorder)
        given = 0 if recorder.behind else recorder.written
        os.write(1, NUMBERS.pack(given, recorder.kept))
        time.sleep(0.0005)
