"""The engine, as the player's side sees it: ask, receive, and notice at once when it is gone.

The only file here that knows ZeroMQ. Nothing blocks but `wait`. A lost engine is noticed by its
closing socket (within a millisecond), or by three missing heartbeats if it hangs. Then the socket
is thrown away with everything queued in it, so nothing stale is ever sent or received.
"""

from __future__ import annotations

import zmq

from antiphon.engine.errors import ProtocolError
from antiphon.engine.protocol import (
    HEARTBEAT_MS,
    LOST_MS,
    MAX_MESSAGE_BYTES,
    VERSION,
    Close,
    Hello,
    Open,
    Ping,
    Pong,
    Reply,
    Request,
    Welcome,
    decode_reply,
    encode,
)

_NS_PER_MS = 1_000_000
RETRY_NS = 50 * _NS_PER_MS
"""How often an absent engine is looked for."""
GREETING_NS = 2_000 * _NS_PER_MS
"""How long an engine may take from the first hello to its welcome."""


class Client:
    """One connection to one engine, renewed whenever it breaks. [loop]

    client.poll(now_ns)    replies that have come; call it every turn of the loop
    client.send(request)   never blocks; thrown away while the engine is gone
    client.present         whether an engine has greeted us
    """

    def __init__(self, endpoint: str, name: str = "antiphon") -> None:
        self._endpoint, self._name = endpoint, name
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._monitor: zmq.Socket[bytes] | None = None
        self.present = False
        self.welcome: Welcome | None = None
        """The greeting of the engine that is, or was last, there."""
        self._greeted = False
        self._sessions: set[int] = set()
        self._connected_ns = 0
        self._retry_ns = 0
        self._pinged_ns = 0
        self._answered_ns = 0
        self._pings = 0

    def send(self, request: Request) -> bool:
        """Send to the engine if it is there; what is sent to nobody is forgotten.

        False, and nothing sent, if the engine is so far behind that there is no room.
        """
        if not self.present:
            return True
        match request:
            case Open(session):
                self._sessions.add(session)
            case Close(session):
                self._sessions.discard(session)
        return self._send(request)

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come since the last call; `present` may change."""
        if self._socket is None:
            if now_ns >= self._retry_ns:
                self._connect(now_ns)
            return []
        if not self._greeted:
            self._greeted = self._send(Hello(VERSION, self._name))
        news = [reply for reply in self._received() if self._is_news(reply, now_ns)]
        # Judged after reading: a loop that slept itself must not blame the engine.
        if self._disconnected() or self._silent(now_ns):
            self.renew(now_ns)
            return []
        if self.present and now_ns - self._pinged_ns >= HEARTBEAT_MS * _NS_PER_MS:
            self._pinged_ns = now_ns
            self._ping()
        return news

    def renew(self, now_ns: int) -> None:
        """Throw the connection away, with everything on its way, and look for the engine anew."""
        self._disconnect()
        self._retry_ns = now_ns + RETRY_NS

    def wait(self, timeout_ms: int) -> None:
        """Block until something comes, or the time is up. [may block]"""
        if self._socket is not None:
            self._socket.poll(timeout_ms)

    def close(self) -> None:
        """End the sessions that are open and let go of the connection. [may block]

        An engine that says nothing for three heartbeats is not waited for.
        """
        if self.present and self._sessions:
            self._end_sessions()
        self._disconnect()
        self._context.term()

    def _end_sessions(self) -> None:
        """Close what is open, and wait until the engine has read it: it answers in order."""
        assert self._socket is not None
        for session in self._sessions:
            self._send(Close(session))
        last = Pong(self._ping())
        while self._socket.poll(LOST_MS) and last not in self._received():
            pass

    def _connect(self, now_ns: int) -> None:
        self._socket = self._context.socket(zmq.DEALER)
        for option, value in (
            (zmq.LINGER, 0),
            # Nothing is queued for an engine that is not there: `send` fails until the handshake.
            (zmq.IMMEDIATE, 1),
            (zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES),
            (zmq.RECONNECT_IVL, 10),
        ):
            self._socket.setsockopt(option, value)
        self._monitor = self._socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        self._socket.connect(self._endpoint)
        self._greeted = False
        self._connected_ns = self._answered_ns = now_ns

    def _disconnect(self) -> None:
        self.present = False
        self._sessions.clear()
        if self._socket is not None and self._monitor is not None:
            self._socket.disable_monitor()
            self._monitor.close(0)
            self._socket.close(0)
        self._socket = self._monitor = None

    def _disconnected(self) -> bool:
        """Whether the other end has closed, by the socket's own monitor."""
        assert self._monitor is not None
        return bool(self._monitor.poll(0))

    def _silent(self, now_ns: int) -> bool:
        if self.present:
            waiting = self._pinged_ns > self._answered_ns
            return waiting and now_ns - self._answered_ns > LOST_MS * _NS_PER_MS
        return now_ns - self._connected_ns > GREETING_NS

    def _ping(self) -> int:
        """Ask for a sign of life; the number that it will carry."""
        self._pings += 1
        self._send(Ping(self._pings))
        return self._pings

    def _send(self, request: Request) -> bool:
        assert self._socket is not None
        try:
            self._socket.send(encode(request), zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def _received(self) -> list[Reply]:
        assert self._socket is not None
        replies: list[Reply] = []
        while True:
            try:
                replies.append(decode_reply(self._socket.recv(zmq.DONTWAIT)))
            except zmq.Again:
                return replies
            except ProtocolError:
                continue

    def _is_news(self, reply: Reply, now_ns: int) -> bool:
        """Keep count of greetings and heartbeats; whether the reply is for the session."""
        self._answered_ns = now_ns
        if isinstance(reply, Welcome):
            self.present = reply.version == VERSION
            self.welcome = reply
            self._pinged_ns = now_ns
            return False
        return not isinstance(reply, Pong)
