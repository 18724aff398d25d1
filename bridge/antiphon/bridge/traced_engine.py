"""The engine, with what it says and whether it is there told on, in the order it happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from antiphon.engine.protocol import Reply, Request, Welcome

from . import link
from .journal import Replied


class Greeting(Protocol):
    """What is traced: a `Client`."""

    @property
    def present(self) -> bool:
        """Whether an engine is there. [loop]"""

    @property
    def welcome(self) -> Welcome | None:
        """The greeting of the engine that is, or was last, there. [loop]"""

    def send(self, request: Request) -> bool:
        """Send without waiting; whether there was room. [loop]"""

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come. [loop]"""

    def renew(self, now_ns: int) -> None:
        """Begin anew with the engine. [loop]"""


class TracedEngine:
    """A client as the stage sees it. [loop]"""

    def __init__(
        self,
        client: Greeting,
        came_or_went: Callable[[link.EngineIs], None],
        said: Callable[[Replied], None],
    ) -> None:
        self._client, self._came_or_went, self._said = client, came_or_went, said
        self._known = False
        self.asked = False
        """Whether something was sent; whoever wants to know it again sets it back."""

    @property
    def present(self) -> bool:
        """Whether an engine is there."""
        return self._client.present

    def send(self, request: Request) -> bool:
        """Send without waiting; whether there was room."""
        self.asked = True
        return self._client.send(request)

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come."""
        replies = self._client.poll(now_ns)
        if self._client.present != self._known:
            self._known = self._client.present
            welcome = self._client.welcome
            self._came_or_went(link.EngineIs(self._known, welcome.model if welcome else ""))
        for reply in replies:
            self._said(Replied(reply))
        return replies

    def renew(self, now_ns: int) -> None:
        """Begin anew with the engine."""
        self._client.renew(now_ns)
