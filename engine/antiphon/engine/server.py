"""`antiphon serve`: sockets on one thread, sessions and the model on another.

The only file here that knows ZeroMQ. Frames are decoded on the socket thread, so a flood of bad
ones costs the decode loop nothing. Replies go back through an in-process pipe: no socket is ever
touched by two threads.

    ROUTER ──frames──▶ [socket thread] ──inbox──▶ [inference thread: Desk.turn, again and again]
       ▲                      ▲                                │
       └──────────────────────┴───────── inproc PAIR ◀─────────┘
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import zmq

from .collector import Collector
from .desk import Desk, ForClient
from .errors import MachineError, ProtocolError, UserError
from .inbox import Inbox
from .protocol import (
    MAX_MESSAGE_BYTES,
    Error,
    decode_request,
    encode,
)

HIGH_WATER = 1000
"""Messages a slow client may fall behind; then it is told no more, and finds out by its pings."""
MOST_BEHIND = 1000
"""Clients of whom it is remembered that they fell behind."""
MOST_REQUESTS, MOST_SERVING_NS = 16, 3_000_000
"""Requests served between two steps of the model, and time spent on that: more can wait, notes not.
"""
MOST_AT_ONCE = 32
"""Messages taken from a socket before the other is looked at."""
FULL_MS = 2
GONE_MS = 2000
"""Nobody takes a reply for so long who is there."""
MOST_SAID = 200
"""Characters of a complaint: a client's own text is not sent back to it at length."""
_REPLIES = "inproc://replies"
_STOP = b"stop"
_EVERYBODY = b""
"""Whom telemetry is for; no client is called that."""
# No heartbeats of ZeroMQ's own: it aborts (libzmq 4.3.5, issue 4364) if one falls due after a
# client left whose messages had to wait. Clients say `ping`; who is silent is forgotten.
_OF_ROUTER = {
    zmq.ROUTER_MANDATORY: 1,
    zmq.LINGER: 0,
    zmq.MAXMSGSIZE: MAX_MESSAGE_BYTES,
    zmq.SNDHWM: HIGH_WATER,
    zmq.RCVHWM: HIGH_WATER,
}
_OF_PUBLIC = {zmq.LINGER: 0, zmq.SNDHWM: 10}
_LOOPBACK = ("tcp://127.0.0.1:", "tcp://[::1]:", "ipc://", "inproc://")


class Server:
    """One engine on one endpoint.

    server = Server(desk, "tcp://127.0.0.1:6470")
    server.run()         blocks until `stop` [main thread]
    server.stop()        [any thread, signal handlers too]
    """

    def __init__(self, desk: Desk, endpoint: str, telemetry: str | None = None) -> None:
        self._desk = desk
        self._inbox = Inbox()
        self._collector = Collector()
        self._context = zmq.Context()
        self._router = _bound(self._context, zmq.ROUTER, endpoint, _OF_ROUTER)
        self.endpoint: str = self._router.getsockopt_string(zmq.LAST_ENDPOINT)
        """Where it really listens: port 0 is replaced by the one that was free."""
        self._public = _bound(self._context, zmq.PUB, telemetry, _OF_PUBLIC) if telemetry else None
        self.telemetry = self._public.getsockopt_string(zmq.LAST_ENDPOINT) if self._public else ""
        """Where telemetry is published, empty if nowhere."""
        self._behind: set[bytes] = set()
        """Clients whose queue was full. [socket thread]"""
        self._inward = self._context.socket(zmq.PAIR)
        self._inward.bind(_REPLIES)
        self._outward = self._context.socket(zmq.PAIR)
        self._outward.sndtimeo = GONE_MS
        self._outward.connect(_REPLIES)

    def run(self) -> None:
        """Serve until stopped. Blocks."""
        thread = threading.Thread(target=self._serve_sockets, name="sockets", daemon=True)
        thread.start()
        try:
            with self._collector:
                while self._turn():
                    pass
        finally:
            if thread.is_alive():
                with suppress(zmq.Again):
                    self._outward.send(_STOP)
            thread.join()
            self._outward.close(0)
            self._context.term()

    def stop(self) -> None:
        """Ask `run` to return. [any thread]"""
        self._inbox.stop()

    def _turn(self) -> bool:
        """Take some waiting requests, then do one step of work; wait if there is nothing to do."""
        self._inbox.wait(self._desk.idle_ns)
        self._collector.look(self._desk.empty)
        replies = self._served()
        self._desk.forget_silent()
        replies += self._desk.turn()
        if self._public and (telemetry := self._desk.telemetry()):
            replies.append((_EVERYBODY, telemetry))
        if replies:
            # All at once: to wake the other thread costs as much as some tokens' arithmetic.
            parts = [part for c, r in replies for part in (c, encode(r))]
            try:
                self._outward.send_multipart(parts)
            except zmq.Again:
                return False  # the sockets' thread is gone
        return not self._inbox.stopped

    def _served(self) -> list[ForClient]:
        """Replies to some of the requests that wait."""
        replies: list[ForClient] = []
        until_ns = time.monotonic_ns() + MOST_SERVING_NS
        for _ in range(MOST_REQUESTS):
            item = self._inbox.take()
            if item is None:
                break
            replies += [(item[0], reply) for reply in self._desk.handle(*item)]
            replies += self._desk.waiting()
            if time.monotonic_ns() > until_ns:
                break
        return replies

    def _serve_sockets(self) -> None:
        poller = zmq.Poller()
        poller.register(self._router, zmq.POLLIN)
        poller.register(self._inward, zmq.POLLIN)
        try:
            while True:
                # While too much waits nothing more is read: the sender's queue fills, not ours.
                full = self._inbox.full
                poller.modify(self._router, 0 if full else zmq.POLLIN)
                ready = dict(poller.poll(FULL_MS if full else None))
                if self._router in ready:
                    _drain(self._router, self._receive)
                if self._inward in ready and not _drain(self._inward, self._send):
                    return
        finally:
            self._inbox.stop()  # nobody would hear what else is done
            for socket in (self._router, self._inward, self._public):
                if socket:
                    socket.close(0)

    def _receive(self, frames: list[bytes]) -> bool:
        client = frames[0]
        try:
            if len(frames) != 2:
                raise ProtocolError("a message is one frame")
            self._inbox.put(client, decode_request(frames[1]))
        except ProtocolError as error:
            self._send([client, encode(Error("malformed", "client", str(error)[:MOST_SAID]))])
        return True

    def _send(self, frames: list[bytes]) -> bool:
        """Send some replies, each behind its client; False if all are to stop."""
        if frames == [_STOP]:
            return False
        for client, frame in zip(frames[::2], frames[1::2], strict=True):
            if client == _EVERYBODY and self._public:
                self._public.send(frame, zmq.DONTWAIT)
            elif client not in self._behind:
                self._send_to(client, frame)
        return True

    def _send_to(self, client: bytes, frame: bytes) -> None:
        """Never waits: the others must not. Who misses a message is told nothing more."""
        try:
            self._router.send_multipart([client, frame], zmq.DONTWAIT)
        except zmq.Again:
            if len(self._behind) == MOST_BEHIND:
                self._behind.clear()
            self._behind.add(client)
        except zmq.ZMQError:
            pass  # gone


def _bound(
    context: zmq.Context[zmq.Socket[bytes]],
    kind: int,
    endpoint: str,
    options: Mapping[zmq.SocketOption, int],
) -> zmq.Socket[bytes]:
    """A socket that listens; MachineError if it cannot, and then the context is over."""
    _check(endpoint)
    socket = context.socket(kind)
    for option, value in options.items():
        socket.setsockopt(option, value)
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        context.destroy(linger=0)
        reason = zmq.strerror(error.errno or 0)
        raise MachineError(f"Cannot listen on {endpoint}: {reason}.") from None
    return socket


def _check(endpoint: str) -> None:
    """UserError if it can be reached from outside, or has no port (ZeroMQ wraps one too large)."""
    if not endpoint.startswith(_LOOPBACK):
        raise UserError(f"{endpoint} can be reached from outside; use tcp://127.0.0.1:PORT.")
    port = endpoint.rpartition(":")[2]
    if endpoint.startswith("tcp:") and not (port.isdecimal() and int(port) < 2**16):
        raise UserError(f"{endpoint} has no port that could be; use one from 1024 to 65535.")


def _drain(socket: zmq.Socket[bytes], handle: Callable[[list[bytes]], bool]) -> bool:
    """Hand over waiting messages, not for ever; False as soon as one handler says so."""
    for _ in range(MOST_AT_ONCE):
        try:
            frames = socket.recv_multipart(zmq.DONTWAIT)
        except zmq.Again:
            return True
        if not handle(frames):
            return False
    return True
