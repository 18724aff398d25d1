"""What clients must shrug off: a relay that slips garbage in, and a port that talks nonsense."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import msgspec
import zmq

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
_PROPERTIES = b"\x05READY\x0bSocket-Type\0\0\0\x06ROUTER"
READY = bytes([4, len(_PROPERTIES)]) + _PROPERTIES
NOTHING = b""

BAD_MESSAGES: tuple[tuple[bytes, ...], ...] = (
    (NOTHING,),
    (b"\xc1",),
    (b"\x93\xa5hello\x01",),
    (b"\x91\xa4pong\x00",),
    (b"\x92\xa4\xff\xfe\xfd\xfc\x01",),
    (b"\x80",),
    (b"\x90",),
    (b"\x91\x05",),
    (b"\x91" * 100_000,),
    (b"\x81\xa1a" * 50_000,),
    (b"\xdd\xff\xff\xff\xff",),
    (b"\xdf\xff\xff\xff\xff",),
    (b"\xdb\xff\xff\xff\xff",),
    (msgspec.msgpack.encode(["opened", 1]), b"second"),
    tuple([b"\x91\xa4pong"] * 100),
)
"""Frames of messages that no client has a use for."""

BAD_BYTES = (
    b"",
    b"HTTP/1.1 400 Bad Request\r\n\r\n" + b"x" * 64,
    GREETING.replace(b"NULL", b"PLAIN"),
    GREETING[:10] + b"\x01" + GREETING[11:],
    GREETING + b"\x06" + bytes(5) + b"\xff" * 2000,
    GREETING + READY + b"\x02" + (2**40).to_bytes(8, "big"),
    GREETING + READY + b"\x02" + b"\xff" * 8,
    GREETING + READY + b"\x80\x01x",
    GREETING + READY + b"\x01\x01x" * 2**18,
    GREETING + READY + b"\x04\x06\x05ERROR",
    GREETING + b"\x00\x08\x91\xa6opened",
)
"""What a port may say that is no engine's. A connection that hears it is to be closed."""


@contextmanager
def relay(port: int, before_each: Sequence[tuple[bytes, ...]] = BAD_MESSAGES) -> Iterator[int]:
    """A port that passes everything on to the engine's, with garbage before each reply."""
    context = zmq.Context()
    front, back, stop = (context.socket(k) for k in (zmq.ROUTER, zmq.DEALER, zmq.PULL))
    back.connect(f"tcp://127.0.0.1:{port}")
    front.bind("tcp://127.0.0.1:0")
    stop.bind("inproc://stop")
    mine = int(front.getsockopt_string(zmq.LAST_ENDPOINT).rsplit(":", 1)[1])

    def run() -> None:
        client = b""
        poller = zmq.Poller()
        for each in (front, back, stop):
            poller.register(each, zmq.POLLIN)
        while stop not in (ready := dict(poller.poll())):
            if front in ready:
                client, request = front.recv_multipart()
                back.send(request)
            if back in ready:
                reply = back.recv()
                for garbage in before_each:
                    front.send_multipart([client, *garbage])
                front.send_multipart([client, reply])

    try:
        with _thread(run, lambda: _say_stop(context)):
            yield mine
    finally:
        context.destroy(linger=0)


def _say_stop(context: zmq.Context[zmq.Socket[bytes]]) -> None:
    with context.socket(zmq.PUSH) as socket_:
        socket_.connect("inproc://stop")
        socket_.send(b"")


@contextmanager
def gate(port: int, first: Sequence[bytes] = BAD_BYTES) -> Iterator[int]:
    """A port whose first connections hear nonsense; the one after them leads to the engine."""
    listener = socket.create_server(("127.0.0.1", 0))
    over, closing = socket.socketpair()

    def run() -> None:
        for nonsense in first:
            caller = _accepted(listener, closing)
            if caller is None:
                return
            with caller:
                _talk(caller, nonsense, closing)
        while caller := _accepted(listener, closing):
            with caller, socket.create_connection(("127.0.0.1", port)) as engine:
                _pass_on(caller, engine, closing)

    with listener, over, closing, _thread(run, over.close):
        yield listener.getsockname()[1]


def _accepted(listener: socket.socket, closing: socket.socket) -> socket.socket | None:
    ready, _, _ = select.select([listener, closing], [], [])
    return None if closing in ready else listener.accept()[0]


def _talk(caller: socket.socket, nonsense: bytes, closing: socket.socket) -> None:
    """Say it, and wait until the caller hangs up (with nothing to say: hang up first)."""
    try:
        caller.sendall(nonsense)
        while nonsense and closing not in select.select([caller, closing], [], [])[0]:
            if not caller.recv(2**16):
                return
    except ConnectionError:
        pass  # hung up at once


def _pass_on(caller: socket.socket, engine: socket.socket, closing: socket.socket) -> None:
    ends = {caller: engine, engine: caller}
    while True:
        ready, _, _ = select.select([*ends, closing], [], [])
        for end in ready:
            try:
                data = b"" if end is closing else end.recv(2**16)
            except ConnectionResetError:
                return
            if not data:
                return
            ends[end].sendall(data)


@contextmanager
def _thread(run: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop()
        thread.join(10)
