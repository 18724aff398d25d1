"""A child process fed with frames through a pipe that never makes the sender wait.

It knows when the child is ready and when it is gone. What the child does with the frames is its
own business.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from antiphon.engine.errors import AntiphonError, MachineError

from . import frames, midi

_START_S = 10.0


class FramePipe:
    """A child process, seen from its parent. For one thread: the loop's.

    Before anything else the child says one line of JSON, {"ok": ...}, and "why" if it is not.
    """

    def __init__(
        self, module: str, options: Sequence[str], *, called: str, refusal: type[AntiphonError]
    ) -> None:
        """Start `python -m module` and wait until it is ready. [may block]

        `called` names it in messages. Raises `refusal` with the child's own sentence when it says
        no, MachineError when it does not start.
        """
        self.dropped = 0
        """Messages not sent because the pipe was full. Never a note-off."""
        self.lost = False
        """Whether the child is gone; everything sent since is forgotten."""
        self.last_words = ""
        """What the child said after it was ready, known once it is closed."""
        self._kept: dict[bytes, bytes] = {}
        self._process = _start(module, options)
        assert self._process.stdin is not None
        self._fd = self._process.stdin.fileno()
        os.set_blocking(self._fd, False)
        try:
            self._answer = _await_answer(self._process, called, refusal)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def send(self, message: bytes) -> None:
        """Pass on 1..3 MIDI bytes; never waits. [loop]

        While the pipe is full, note-offs and controllers are kept for the next call and the rest
        is dropped and counted.
        """
        if self.flush() and self._write(frames.message(message)):
            return
        # Keyed by status and key, so that at most one of each is kept: bounded by construction.
        kind = midi.kind(message)
        if kind == midi.NOTE_OFF:
            self._keep(midi.note_off(midi.channel(message), message[1])[:2], message)
        elif kind == midi.CONTROL:
            self._keep(message[:2], message)
        else:
            self.dropped += 1

    def flush(self) -> bool:
        """Try again what was kept; whether nothing is left to send; never waits. [loop]"""
        while self._kept:
            key = next(iter(self._kept))
            if not self._write(frames.message(self._kept[key])):
                return False
            del self._kept[key]
        return True

    def look(self) -> bool:
        """Whether the child is gone, even if nothing is sent to it; never waits. [loop]"""
        self.lost = self.lost or self._process.poll() is not None
        return self.lost

    def panic(self) -> bool:
        """Have the child silence everything; False when the pipe is full. [loop]"""
        return self._write(frames.command(frames.PANIC))

    def release(self) -> bool:
        """Have the child end every held note; False when the pipe is full. [loop]"""
        return self._write(frames.command(frames.RELEASE))

    def close(self) -> None:
        """Close the pipe, which releases every note, and wait for the child. [may block]"""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.lost = True
        self._process.stdin.close()
        try:
            self._process.wait(_START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if not self._process.stdout.closed:
            self.last_words = self._process.stdout.read().decode(errors="replace")
            self._process.stdout.close()

    def _keep(self, key: bytes, message: bytes) -> None:
        self._kept.pop(key, None)
        self._kept[key] = message

    def _write(self, frame: bytes) -> bool:
        # A frame is far below PIPE_BUF, so it goes whole or not at all.
        if self.lost:
            return True
        try:
            os.write(self._fd, frame)
        except BlockingIOError:
            return False
        except OSError:
            self.lost = True
        return True


def _start(module: str, options: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
    )


def _await_answer(
    process: subprocess.Popen[bytes], called: str, refusal: type[AntiphonError]
) -> dict[str, Any]:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], _START_S)[0]:
        raise MachineError(f"{called} did not start within {_START_S:g} s.")
    line = process.stdout.readline()
    if not line:
        raise MachineError(f"{called} ended before it was ready.")
    answer: dict[str, Any] = json.loads(line)
    if not answer["ok"]:
        raise refusal(answer["why"])
    return answer
