"""Those who wish an engine ill: frames that are nearly right, connections that are not ours."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path

import zmq

GOLDEN = Path(__file__).parents[1] / "plugin-templates" / "protocol" / "golden.json"
NOISE = (
    b"",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\xff" * 100,
    bytes(1000),
    b"\xff\x00\x00\x00\x00\x01\x7f",
)


def mutated(rng: random.Random) -> Iterator[bytes]:
    """Requests without end, each with some bytes changed, lost, doubled, or of another request."""
    golden = json.loads(GOLDEN.read_text())
    whole = [bytes.fromhex(e["hex"]) for e in golden if e["from"] == "client"]
    while True:
        frame = bytearray(rng.choice(whole))
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            at = rng.randrange(len(frame) + 1)
            match rng.randrange(5):
                case 0 if at < len(frame):
                    frame[at] = rng.randrange(256)
                case 1:
                    del frame[at : at + rng.randrange(1, 9)]
                case 2:
                    frame[at:at] = frame[: rng.randrange(9)]
                case 3:
                    frame[at:] = rng.choice(whole)[at:]
                case _:
                    frame[at:at] = rng.randbytes(rng.randrange(5))
        yield bytes(frame)


class Besieger:
    """Some clients that send what is nearly right as fast as they may, and seldom listen."""

    def __init__(self, endpoint: str, seed: int, clients: int = 4) -> None:
        self._rng = random.Random(seed)
        self._port = int(endpoint.rsplit(":", 1)[1])
        self._frames = mutated(self._rng)
        self._sockets = [_dealer(endpoint) for _ in range(clients)]
        self.sent = self.connected = 0

    def fire(self, frames: int) -> None:
        """Send so many, fewer if the engine lets them wait."""
        for _ in range(frames):
            try:
                self._rng.choice(self._sockets).send(next(self._frames), zmq.DONTWAIT)
            except zmq.Again:
                break
            self.sent += 1
        self._half_listen()

    def knock(self) -> None:
        """One connection that speaks no ZeroMQ."""
        with socket.create_connection(("127.0.0.1", self._port)) as wire:
            wire.sendall(self._rng.choice(NOISE))
        self.connected += 1

    def close(self) -> None:
        """Give up."""
        for s in self._sockets:
            s.close(0)

    def _half_listen(self) -> None:
        """Half of them hear what they are told; the others never do."""
        for s in self._sockets[::2]:
            while s.poll(0):
                s.recv()


def _dealer(endpoint: str) -> zmq.Socket[bytes]:
    dealer: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    dealer.setsockopt(zmq.LINGER, 0)
    dealer.connect(endpoint)
    return dealer
