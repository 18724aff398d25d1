"""The engine, as a plugin sees it: ask, receive, and notice when it is gone.

Nothing here blocks. Call `poll` some ten times a second or more often; it looks for an absent
engine, says `ping` to a present one, and notices a lost one by its closing socket or its silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .msgpack import Unreadable, packed, unpacked
from .zmtp import Dealer, Lost

VERSION = 1
DEFAULT_PORT = 6470
TICKS_PER_BEAT = 48

RETRY_S = 0.05
GREETING_S = 2.0
"""How long an engine may take from the connection to its welcome."""
HEARTBEAT_S = 0.1
LOST_S = 0.3

Message = list[Any]
"""The name of a message and its fields, as in PROTOCOL.md."""


class Client:
    """One connection to one engine, renewed whenever it breaks.

    client.poll()                     messages that have come; call it again and again
    client.send("cancel", session)    never blocks; thrown away while the engine is gone
    client.present                    whether an engine has greeted us
    client.complaint                  why this client has given up; "" if it has not
    """

    def __init__(
        self, port: int = DEFAULT_PORT, name: str = "", now: Callable[[], float] = time.monotonic
    ) -> None:
        self.present = False
        self.complaint = ""
        self.welcome: Message = []
        """The greeting of the engine that is, or was last, there."""
        self._port, self._name, self._now = port, name, now
        self._dealer: Dealer | None = None
        self._greeted = False
        self._retry_at = self._connected_at = self._pinged_at = self._answered_at = 0.0
        self._pings = 0

    def send(self, name: str, *fields: Any) -> bool:
        """Send a message if the engine is there; False, and nothing sent, if there is no room."""
        if not self.present:
            return True
        return self._send(name, *fields)

    def poll(self) -> list[Message]:
        """What the engine said since the last call; `present` may change."""
        if self.complaint:
            return []
        now = self._now()
        try:
            return self._polled(now)
        except Lost:
            self._renew(now)
            return []

    def close(self) -> None:
        """Let go of the engine; it ends our sessions when it misses our pings."""
        self.present = False
        if self._dealer:
            self._dealer.close()
            self._dealer = None

    def _polled(self, now: float) -> list[Message]:
        if self._dealer is None:
            if now >= self._retry_at:
                self._connect(now)
            return []
        frames = self._dealer.poll()
        if not self._greeted and self._dealer.ready:
            self._greeted = self._send("hello", VERSION, self._name)
        messages = [message for frame in frames if (message := _message(frame))]
        news = [message for message in messages if self._is_news(message, now)]
        # Judged after reading: a caller that slept itself must not blame the engine.
        if self._silent(now):
            raise Lost("the engine says nothing")
        if self.present and now - self._pinged_at >= HEARTBEAT_S:
            self._ping(now)
        return [] if self.complaint else news

    def _connect(self, now: float) -> None:
        self._greeted = False
        self._connected_at = self._answered_at = now
        self._dealer = Dealer(self._port)

    def _renew(self, now: float) -> None:
        self.close()
        self._retry_at = now + RETRY_S

    def _silent(self, now: float) -> bool:
        if self.present:
            return self._pinged_at > self._answered_at and now - self._answered_at > LOST_S
        return now - self._connected_at > GREETING_S

    def _ping(self, now: float) -> None:
        self._pinged_at = now
        self._pings += 1
        self._send("ping", self._pings)

    def _send(self, name: str, *fields: Any) -> bool:
        assert self._dealer is not None
        try:
            return self._dealer.send(packed([name, *fields]))
        except Lost:
            self._renew(self._now())
            return True

    def _is_news(self, message: Message, now: float) -> bool:
        """Keep count of greetings and heartbeats; whether the message is for the session."""
        self._answered_at = now
        if message[0] == "welcome":
            self._welcomed(message, now)
        return message[0] not in ("welcome", "pong")

    def _welcomed(self, message: Message, now: float) -> None:
        version = message[1] if len(message) > 1 else None
        if version == VERSION:
            self.welcome, self.present, self._pinged_at = message, True, now
            return
        self.close()
        self.complaint = (
            f"The engine speaks version {version} of the protocol and this client version "
            f"{VERSION}: update the older of the two."
        )


def _message(frame: bytes) -> Message | None:
    """What a frame says; None if it is no message."""
    try:
        value = unpacked(frame)
    except Unreadable:
        return None
    return value if isinstance(value, list) and value and isinstance(value[0], str) else None
