"""The engine for whoever works in virtual time: sending waits for room, silence has an end.

The engine itself lives in real time, and so does the patience with it.
"""

from __future__ import annotations

from antiphon.engine.errors import EngineLost
from antiphon.engine.protocol import Reply, Request

from .client import Client
from .clock import SystemClock

PATIENCE_NS = 30_000_000_000
"""How long the engine may say nothing before it counts as lost."""
WAIT_MS = 20
FULL_NS = 1_000_000
"""Pause before a full pipe is tried again."""
LOOK_NS = 1_000_000_000
"""How long a pipe is full before we look whether the engine is still there. An engine with much to
read is slow to answer heartbeats: asked sooner, it would count as lost.
"""


class RealTimeEngine:
    """The engine, which lives in real time, for a stage that does not."""

    def __init__(self, client: Client, clock: SystemClock | None = None) -> None:
        self._client = client
        self._clock = clock or SystemClock()
        self._heard_ns = self._clock.now_ns()
        self._read: list[Reply] = []

    @property
    def present(self) -> bool:
        """Whether an engine has greeted us."""
        return self._client.present

    def send(self, request: Request) -> bool:
        """Send, and wait for room if need be: virtual time runs ahead of the engine. [may block]

        EngineLost when the engine is gone, or there is no room for too long.
        """
        began_ns = looked_ns = self._clock.now_ns()
        while not self._client.send(request):
            now_ns = self._clock.now_ns()
            if now_ns - looked_ns >= LOOK_NS:
                looked_ns = now_ns
                self._look(began_ns)
            self._clock.doze_until(now_ns + FULL_NS)
        return True

    def _look(self, began_ns: int) -> None:
        """Whether it makes sense to go on waiting for room; what is read is for the next poll."""
        self._read += self._replies()
        stuck_since_ns = max(began_ns, self._heard_ns)
        if not self.present or self._clock.now_ns() - stuck_since_ns > PATIENCE_NS:
            raise EngineLost("The engine has stopped listening.")

    def renew(self, now_ns: int) -> None:
        """Never needed: `send` waits, and an error ends the bounce."""

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come, by the real clock."""
        read, self._read = self._read, []
        return read + self._replies()

    def _replies(self) -> list[Reply]:
        replies = self._client.poll(self._clock.now_ns())
        if replies:
            self._heard_ns = self._clock.now_ns()
        return replies

    def wait(self) -> None:
        """Wait a little for replies; EngineLost when none has come for too long. [may block]"""
        self._client.wait(WAIT_MS)
        if self._clock.now_ns() - self._heard_ns > PATIENCE_NS:
            raise EngineLost("The engine has stopped answering.")
