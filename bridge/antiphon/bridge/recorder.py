"""The process that writes the journal, so that no note waits for a disk.

`python -m antiphon.bridge.recorder FOLDER STEM` reads frames from standard input, the journal's
first one first, and appends those it has not got yet. Every 50 ms all is made to be on disk and
the number of the latest told on standard output, a line of JSON. Where the disk is full or gone it
says so once, stops reading, and tries again until it can. It ends when its input does.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from .checked_frames import frames
from .clock import SystemClock
from .journal_file import JournalFile
from .sessions import tidy

SYNC_NS = 50_000_000
RETRY_NS = 1_000_000_000
_READ = 2**16
_IN_FD, _OUT_FD = 0, 1


class Said(Struct, frozen=True, omit_defaults=True):
    """What the recorder says."""

    kept: int = 0
    """Number up to which everything is on disk, 0 if this is about something else."""
    text: str = ""
    """A sentence for the player, or nothing."""


class Recorder:
    """Frames in, a journal on disk. [may block]"""

    def __init__(self, folder: Path, stem: str, say: Callable[[Said], None]) -> None:
        self._folder, self._stem, self._say = folder, stem, say
        self._file: JournalFile | None = None
        self._rest = b""
        self._first = b""
        self._pending: list[tuple[int, bytes]] = []
        """Frames that may not be on disk."""
        self._number = 0
        self._due_ns: int | None = None
        self._troubled = False

    @property
    def ready(self) -> bool:
        """Whether it can take more: not while what it has cannot be written."""
        return not self._troubled

    @property
    def due_ns(self) -> int | None:
        """When `turn` has something to do, None if only more frames bring it."""
        return self._due_ns

    def feed(self, data: bytes, now_ns: int) -> None:
        """Take in the stream as far as it has come."""
        self._rest += data
        begin, new = 0, []
        for number, _, end in frames(self._rest):
            whole, begin = self._rest[begin:end], end
            self._first = self._first or whole
            if number > self._number:
                new.append((number, whole))
                self._number = number
        self._rest = self._rest[begin:]
        if new:
            self._pending += new
            self._try(lambda: self._write(new), now_ns)

    def turn(self, now_ns: int) -> None:
        """Make what is due be on disk, or try again what could not be."""
        if self._due_ns is not None and now_ns >= self._due_ns:
            self._try(self._sync, now_ns)

    def end(self, now_ns: int) -> bool:
        """The last chance for what it has; whether all that is on disk."""
        if self._pending:
            self._try(self._sync, now_ns)
        return not self._pending

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _write(self, new: list[tuple[int, bytes]]) -> None:
        if self._file is None:
            self._open()
        else:
            self._file.write(b"".join(data for _, data in new))

    def _sync(self) -> None:
        if self._file is None:
            self._open()
        assert self._file is not None
        self._file.sync()
        self._pending.clear()
        if self._troubled:
            self._troubled = False
            self._say(Said(text="Recording goes on."))
        self._say(Said(kept=self._number))

    def _open(self) -> None:
        """Open or make the journal, and write what it has not got."""
        self._file = JournalFile.of(self._folder, self._stem, self._first)
        known = self._file.number
        self._number = max(self._number, known)
        if self._file.cut:
            text = f"{self._file.cut} torn bytes at the end of {self._file.path} were cut off."
            self._say(Said(text=text))
        self._file.write(b"".join(data for number, data in self._pending if number > known))
        tidy(self._folder, datetime.now().astimezone(), keep=self._file.path)

    def _try(self, what: Callable[[], None], now_ns: int) -> None:
        try:
            what()
        except OSError as error:
            self._give_up(error)
            self._due_ns = now_ns + RETRY_NS
        else:
            waits = now_ns + SYNC_NS if self._due_ns is None else self._due_ns
            self._due_ns = waits if self._pending else None

    def _give_up(self, error: OSError) -> None:
        """For now."""
        self.close()
        if not self._troubled:
            self._troubled = True
            where, why = self._folder, error.strerror or str(error)
            kept = "the last minute is kept in memory until it can"
            self._say(Said(text=f"Nothing can be recorded in {where} now ({why}): {kept}."))


def run(recorder: Recorder, fd: int, clock: SystemClock) -> int:
    """Record what comes until it ends; 3 if something could not be kept."""
    poll = select.poll()
    while True:
        poll.register(fd, select.POLLIN if recorder.ready else 0)
        due_ns, now_ns = recorder.due_ns, clock.now_ns()
        wait_ms = None if due_ns is None else max(0, (due_ns - now_ns) // 1_000_000 + 1)
        events = poll.poll(wait_ms)
        if events and recorder.ready:
            data = os.read(fd, _READ)
            recorder.feed(data, clock.now_ns())
            if not data:
                break
        elif events and not recorder.end(clock.now_ns()):  # the other end is closed
            break
        recorder.turn(clock.now_ns())
    return 0 if recorder.end(clock.now_ns()) else 3


def main() -> int:
    """Run a recorder on standard input until it ends."""
    # Ctrl-C and a closed terminal reach the whole group; what was played must still be written.
    for name in ("SIGINT", "SIGHUP", "SIGTERM"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    folder, stem = sys.argv[1:]
    return run(Recorder(Path(folder), stem, _say), _IN_FD, SystemClock())


_encoder = msgspec.json.Encoder()


def _say(said: Said) -> None:
    # Whoever listens may be gone, or not listen: what was played is written all the same.
    try:
        os.write(_OUT_FD, _encoder.encode(said) + b"\n")
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main())
