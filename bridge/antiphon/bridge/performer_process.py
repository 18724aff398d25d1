"""The performer as a child process: started with an order, told single letters, listened to."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator

import msgspec

from . import link
from .hand import LEARN, LETTERS, NOBODY, QUIT
from .performer import Order

_READ = 65536
_END_S = 10.0


class PerformerProcess:
    """One performer of our own."""

    def __init__(self, order: Order) -> None:
        """Start it. What it has to say comes through `messages`."""
        self._reader = link.Reader()
        fds = () if order.phrase_fd is None else (order.phrase_fd,)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "antiphon.bridge.performer",
                msgspec.json.encode(order).decode(),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=fds,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._fd = self._process.stdout.fileno()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def messages(self, timeout_s: float) -> Iterator[link.Message]:
        """What it has told, waiting at most `timeout_s` for the first. [may block]"""
        ready, _, _ = select.select([self._fd], [], [], timeout_s)
        if ready:
            yield from self._reader.feed(os.read(self._fd, _READ))

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """What it ended with, None while it runs."""
        return self._process.poll()

    def act(self, action: str) -> None:
        """Do something for the player, by the name it has in `hand.py`."""
        self._command(LETTERS[action])

    def learn(self, action: str) -> None:
        """What the player presses next does this from now on; nothing named is learnt no more."""
        self._command(LEARN + LETTERS.get(action, NOBODY))

    def close(self) -> list[link.Message]:
        """Ask it to end and wait; returns its last messages. [may block]"""
        self._command(QUIT)
        try:
            said, _ = self._process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        return list(self._reader.feed(said))

    def _command(self, letter: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(letter)
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return
