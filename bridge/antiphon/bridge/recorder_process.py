"""The recorder, as the performer sees it: a pipe that never makes it wait, and a bounded memory.

What the recorder has not said is on disk is remembered, so that another one can be told it; but
for a minute only, and so many events at most. A gap in the numbers then shows what was lost.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from . import sessions
from .checked_frames import frame
from .clock import SystemClock
from .journal import Began, Event, body
from .recorder import Said

REMEMBERED_NS = 60_000_000_000
MOST_EVENTS = 2**16
"""A thousand events a second for as long as anything is remembered."""
LONG_PIPE = 2**20
WHOLE = 4096
"""Bytes that go down a pipe whole or not at all."""
LOOK_NS = 20_000_000
"""How often the recorder is listened to."""
REVIVE_NS = 1_000_000_000
"""How often at most another is started."""
QUIET_NS = 10_000_000
"""Another is started only when no note is due so soon: that took 0.3 ms, once 11."""
END_S = 5.0


class _Event(NamedTuple):
    at_ns: int
    number: int
    data: bytes


class RecorderProcess:
    """A recorder of our own. For one thread: the loop's."""

    def __init__(self, folder: Path, began: Began) -> None:
        """Start one for the session that `began` tells of. [may block]"""
        self._folder, self._stem = folder, sessions.stem(began.at)
        self._first = frame(1, body(began))
        self._number = 1
        self._now_ns = SystemClock().now_ns()
        self._look_ns = self._revive_ns = 0
        self._waiting: deque[_Event] = deque()
        self._told: deque[_Event] = deque()
        """Told, but not said to be on disk."""
        self._rest = b""
        """What is left of the latest bytes to be told."""
        self._heard = b""
        self._texts: list[str] = []
        self._told_of_it = False
        self.kept = 0
        """Number of the latest event that is on disk."""
        self._process: subprocess.Popen[bytes] | None = None
        self._start()

    @property
    def pid(self) -> int | None:
        """Process id of the recorder that runs now, None if none does."""
        return self._process.pid if self._process else None

    @property
    def written(self) -> int:
        """Number of the latest event. [loop]"""
        return self._number

    @property
    def behind(self) -> int:
        """Events that are not said to be on disk. [loop]"""
        return len(self._waiting) + len(self._told)

    def write(self, data: bytes) -> None:
        """Have the body of an event recorded; never waits. [loop]"""
        self._number += 1
        self._waiting.append(_Event(self._now_ns, self._number, frame(self._number, data)))
        if self.behind > MOST_EVENTS:
            self._forget_oldest()

    def event(self, event: Event) -> None:
        """Have an event recorded; never waits. [loop]"""
        self.write(body(event))

    def push(self, now_ns: int, next_ns: int | None = None) -> list[str]:
        """Tell the recorder what waits; never waits itself. Sentences for the player. [loop]

        `next_ns` is when something is due: close to that nothing is done that can be done later.
        """
        self._now_ns = now_ns
        if self._process and (self._waiting or self._rest):
            self._tell()
        if now_ns < self._look_ns:
            return []
        self._look_ns = now_ns + LOOK_NS
        self._listen()
        self._forget_old(now_ns)
        quiet = next_ns is None or next_ns - now_ns > QUIET_NS
        if self._process is None and quiet and now_ns >= self._revive_ns:
            self._revive_ns = now_ns + REVIVE_NS
            self._start()
        texts, self._texts = self._texts, []
        return texts

    def close(self) -> list[str]:
        """Have everything recorded, and end; sentences for the player. [may block]"""
        until_ns = SystemClock().now_ns() + int(END_S * 1e9)
        if self._process is None:
            self._start()
        while self._process and (self._waiting or self._rest):
            self._tell()
            rest_s = (until_ns - SystemClock().now_ns()) / 1e9
            if self._process is None or rest_s <= 0:
                break
            select.select([], [self._in_fd], [], min(rest_s, END_S))
        self._end()
        if self.behind:
            self._texts.append(f"{self.behind} events at the end could not be recorded.")
        return self._texts

    def _start(self) -> None:
        command = [sys.executable, "-m", "antiphon.bridge.recorder", str(self._folder), self._stem]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            if not self._told_of_it:
                self._texts.append(f"Nothing is recorded: no process can be started ({error}).")
            self._told_of_it = True
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in_fd, self._out_fd = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in_fd, False)
        os.set_blocking(self._out_fd, False)
        with suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self._in_fd, fcntl.F_SETPIPE_SZ, LONG_PIPE)
        self._waiting.extendleft(reversed(self._told))
        self._told.clear()
        self._rest, self._heard = self._first, b""

    def _tell(self) -> None:
        while self._rest or self._waiting:
            self._rest = self._rest or self._batch()
            try:
                sent = os.write(self._in_fd, self._rest)
            except BlockingIOError:
                return
            except OSError:
                self._lost()
                return
            self._rest = self._rest[sent:]

    def _batch(self) -> bytes:
        """As many of the events that wait as go down the pipe whole; at least one."""
        data: list[bytes] = []
        size = 0
        while self._waiting and (not data or size + len(self._waiting[0].data) <= WHOLE):
            event = self._waiting.popleft()
            self._told.append(event)
            data.append(event.data)
            size += len(event.data)
        return b"".join(data)

    def _listen(self) -> None:
        if self._process is None:
            return
        try:
            heard = os.read(self._out_fd, WHOLE)
        except BlockingIOError:
            return
        self._take(heard)
        if not heard:
            self._lost()

    def _take(self, heard: bytes) -> None:
        *lines, self._heard = (self._heard + heard).split(b"\n")
        for line in lines:
            said = _decoder.decode(line)
            self.kept = max(self.kept, said.kept)
            self._texts += [said.text] if said.text else []
        while self._told and self._told[0].number <= self.kept:
            self._told.popleft()

    def _lost(self) -> None:
        """The recorder is gone: what it may not have written waits for the next."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        self._process = None

    def _forget_old(self, now_ns: int) -> None:
        while self._told and self._told[0].at_ns < now_ns - REMEMBERED_NS:
            self._told.popleft()
        while self._waiting and self._waiting[0].at_ns < now_ns - REMEMBERED_NS:
            self._waiting.popleft()

    def _forget_oldest(self) -> None:
        (self._told or self._waiting).popleft()

    def _end(self) -> None:
        """Close the pipe, and hear the recorder's last words."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        os.set_blocking(self._out_fd, True)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._process.kill()
        self._process.wait()
        self._take(self._process.stdout.read())
        self._process.stdout.close()
        self._process = None


_decoder = msgspec.json.Decoder(Said)
