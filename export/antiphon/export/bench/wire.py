"""A client's socket, for a load test: the only file here that knows ZeroMQ."""

from __future__ import annotations

from collections.abc import Sequence

import zmq

from antiphon.engine.protocol import Reply, Request, decode_reply, encode


class Wire:
    """One connection of one client; speaks and hears without waiting."""

    def __init__(self, endpoint: str) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self.socket = self._context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)

    def say(self, request: Request) -> None:
        """Send it, or queue it if the engine is behind."""
        self.socket.send(encode(request))

    def heard(self) -> list[Reply]:
        """What has come."""
        replies: list[Reply] = []
        while self.socket.poll(0):
            replies.append(decode_reply(self.socket.recv()))
        return replies

    def close(self) -> None:
        """Say nothing more."""
        self.socket.close(0)


def wait(wires: Sequence[Wire], timeout_ms: int) -> list[Wire]:
    """Those to which something has come; none if the time is up first. Blocks."""
    poller = zmq.Poller()
    for wire in wires:
        poller.register(wire.socket, zmq.POLLIN)
    ready = dict(poller.poll(timeout_ms))
    return [wire for wire in wires if wire.socket in ready]
