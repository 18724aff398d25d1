"""Requests that wait for the inference thread: each client's in order, the clients in turn.

One thread puts, another takes. Whoever sends a thousand requests keeps himself waiting, and nobody
else.

    put ──▶ all in one pipe ──who takes, sorts──▶ a line for each client ──▶ take, round and round
"""

from __future__ import annotations

import queue
from collections import deque

from .protocol import Request

Client = bytes
Item = tuple[Client, Request]

MOST_WAITING = 64
"""Requests that may wait; beyond that none should be put."""


class Inbox:
    """All requests that wait, and word to stop."""

    def __init__(self) -> None:
        self._pipe: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._lines: dict[Client, deque[Request]] = {}
        """In the order of whose turn it is; none is empty."""
        self._in_lines = 0
        self.stopped = False
        """Whether everyone is to go home."""

    @property
    def full(self) -> bool:
        """Whether enough wait. [any thread]"""
        return self._pipe.qsize() + self._in_lines >= MOST_WAITING

    def put(self, client: Client, request: Request) -> None:
        """Let a request wait. Never blocks. [any thread]"""
        self._pipe.put((client, request))

    def stop(self) -> None:
        """Wake who takes, and let them know. Never blocks. [any thread, signal handlers too]"""
        self._pipe.put(None)

    def wait(self, most_ns: int) -> None:
        """Until something is there, or the time is up. [inference thread]"""
        if self._lines or self.stopped:
            return
        try:
            self._sort(self._pipe.get(block=most_ns > 0, timeout=max(most_ns, 1) / 1e9))
        except queue.Empty:
            return

    def take(self) -> Item | None:
        """The next request; None if there is none, or all are to stop. [inference thread]"""
        while not self._pipe.empty():
            self._sort(self._pipe.get_nowait())
        if self.stopped or not self._lines:
            return None
        client = next(iter(self._lines))
        line = self._lines.pop(client)
        request = line.popleft()
        self._in_lines -= 1
        if line:
            self._lines[client] = line
        return client, request

    def _sort(self, item: Item | None) -> None:
        if item is None:
            self.stopped = True
            return
        client, request = item
        self._lines.setdefault(client, deque()).append(request)
        self._in_lines += 1
