"""A disk of our own that can be full or read-only, and a session that is recorded on it.

`python -m small_disk FOLDER full|read-only`, in a mount namespace of its own (`command`), plays a
session: on a disk that nothing can be written on at first, then can, then cannot again, then can.
It tells what was seen as a line of JSON, see `Seen`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from antiphon.bridge import link, midi, sessions
from antiphon.bridge.checked_frames import extent, frames
from antiphon.bridge.config import Settings
from band import PATIENCE_S, child_of, left_of
from performance import Live

DISK_BYTES = 2**18
TRIES = 10
"""For who is killed, another is started, and that one may be there first."""
PHRASE = 3
ONE, PAGEFUL = 1, 4
"""Conversations until it shows that nothing can be written; a full disk takes what fits into a
file's last page.
"""


@dataclass(slots=True)
class Seen:
    """What a session on such a disk was like."""

    said: list[str] = field(default_factory=list)
    """Sentences for the player."""
    sounded: list[int] = field(default_factory=list)
    """Notes of each answer; all but the last on a disk that cannot be written on."""
    files: list[list[str]] = field(default_factory=list)
    """What was in the folder while nothing could be written, and at the end."""
    halves: int = 0
    """Bytes behind the last whole event of the journal, at any of these times."""
    numbers: list[int] = field(default_factory=list)
    """Numbers of the events in the journal at the end."""
    played: int = 0
    recorded: int = 0
    """Notes of the player's, and how many of them the journal has."""


def command(folder: Path, how: str) -> list[str]:
    """How to start it: as root, or as a root of our own."""
    own = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", *own, "--mount", sys.executable, "-m", "small_disk", str(folder), how]


class Disk:
    """A file system in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        _mount("-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder))

    def fill(self) -> None:
        """Take all the room there is."""
        with suppress(OSError), (self.folder / "full").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(256))

    def make_room(self) -> None:
        (self.folder / "full").unlink()

    def forbid(self) -> None:
        _mount("-o", "remount,ro", str(self.folder))

    def allow(self) -> None:
        _mount("-o", "remount,rw", str(self.folder))


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def session(
    disk: Disk, forbid: Callable[[Live | None], None], allow: Callable[[], None], most: int
) -> Seen:
    """Phrases and their answers: only the last on a disk that can be written on."""
    seen, place = Seen(), disk.folder / "sessions"
    forbid(None)
    live = Live(place, Settings(seed=3))
    try:
        _converse(live, seen)
        _look(place, seen)
        allow()
        live.wait(lambda: "Recording goes on." in live.said)
        forbid(live)
        for _ in range(most):
            _converse(live, seen)
            if len(live.said) == 3:
                break
        live.wait(lambda: len(live.said) == 3)
        _look(place, seen)
        allow()
        live.wait(lambda: live.said.count("Recording goes on.") == 2)
        _converse(live, seen)
    finally:
        live.close()
    _look(place, seen)
    seen.said = live.said
    seen.played = sum(isinstance(m, link.Played) and _strikes(m.message) for m in live.told)
    (path,) = sessions.newest_first(place)
    data = path.read_bytes()
    seen.numbers = [frame.number for frame in frames(data)]
    seen.recorded = _recorded(data)
    return seen


def _converse(live: Live, seen: Seen) -> None:
    turns, before = len(live.turns), len(live.sent)
    live.keys(random.Random(turns), PHRASE)
    live.pedal()
    live.wait(lambda: "answering" in [m.state for m in live.turns[turns:]])
    live.sounded(4)
    live.pedal()
    live.wait(lambda: live.turns[-1].state == "idle")
    seen.sounded.append(sum(_strikes(m.message) for m in live.sent[before:]))


def _look(place: Path, seen: Seen) -> None:
    names = sorted(os.listdir(place)) if place.exists() else []
    seen.files.append(names)
    for name in names:
        data = (place / name).read_bytes()
        seen.halves += len(data) - extent(data).length


def _recorded(data: bytes) -> int:
    from antiphon.bridge import journal

    read = journal.read(data)
    assert read is not None
    return journal.figures(read).played


def _strikes(message: bytes) -> bool:
    return midi.kind(message) == midi.NOTE_ON


def _full(folder: Path) -> Seen:
    disk = Disk(folder)
    return session(disk, lambda live: disk.fill(), disk.make_room, PAGEFUL)


def _read_only(folder: Path) -> Seen:
    disk = Disk(folder)

    def forbid(live: Live | None) -> None:
        if live is None:
            disk.forbid()
            return
        for _ in range(TRIES):  # no disk becomes read-only while somebody writes on it
            recorder = child_of(live.performer.pid, "antiphon.bridge.recorder")
            os.kill(recorder, signal.SIGKILL)
            assert not left_of([recorder], PATIENCE_S)
            with suppress(subprocess.CalledProcessError):
                disk.forbid()
                return
        raise AssertionError("it cannot be made read-only")

    return session(disk, forbid, disk.allow, ONE)


if __name__ == "__main__":
    seen = {"full": _full, "read-only": _read_only}[sys.argv[2]](Path(sys.argv[1]))
    sys.stdout.write(json.dumps(asdict(seen)) + "\n")
