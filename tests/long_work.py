"""A long piece to write down, and a process that does it.

`long_work.py save FOLDER` keeps it as `antiphon play` does and says each file on a line; it stays
until its standard input ends. `long_work.py write FOLDER` writes its WAV alone as `antiphon bounce`
does, and ends with 130 if it is interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path

from antiphon.bridge import midi, results
from antiphon.bridge.ending import wish_to_end
from antiphon.bridge.recording import Recording
from antiphon.bridge.timeline import Timeline

STEP_NS = 100_000_000
HELD = 30
MANY = 3000


def piece(notes: int) -> results.Piece:
    """Ten notes a second, each held for three."""
    recording = Recording(Timeline.free(0))
    for i in range(notes + HELD):
        if i >= HELD:
            recording.played(i * STEP_NS, midi.note_off(0, 30 + (i - HELD) % 60))
        if i < notes:
            recording.played(i * STEP_NS, midi.note_on(0, 30 + i % 60, 80))
    return results.Piece(recording, 120)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    how, folder = sys.argv[1], Path(sys.argv[2])
    if how == "save":
        with wish_to_end():
            results.save(piece(MANY), folder, "long", _say)
            sys.stdin.read()
        sys.exit(0)
    try:
        results.write(piece(MANY), folder / "long.wav")
    except KeyboardInterrupt:
        sys.exit(130)
