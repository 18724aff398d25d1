"""ZeroMQ's DEALER over a plain socket: ZMTP 3 with the NULL mechanism, to this machine alone.

`Wire` is the protocol without the socket: bytes in, frames out. `Dealer` is one connection; it
never blocks, and whoever owns it throws it away when it raises `Lost`.
"""

from __future__ import annotations

import select
import socket
import struct

LOOPBACK = "127.0.0.1"
LONGEST = 2**20
"""Bytes of a frame, and bytes that may wait to be sent."""
CHUNK = 2**16
CHUNKS_AT_ONCE = 32
"""So that a flood cannot hold the caller."""

_MORE, _LONG, _COMMAND = 1, 2, 4
_MECHANISM = b"NULL".ljust(20, b"\0")
_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + _MECHANISM + bytes(32)
_READY = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0"


class Lost(OSError):
    """There is no connection, or what came over it is no ZMTP."""


class Wire:
    """What one connection says and hears, without the connection.

    wire.out          bytes to be sent; take away from the front what was sent
    wire.feed(data)   frames that are complete with these bytes, one for each message
    """

    def __init__(self) -> None:
        self.out = bytearray(_GREETING)
        self.ready = False
        """Whether messages may be sent."""
        self._in = bytearray()
        self._greeted = False
        self._several = False

    def send(self, frame: bytes) -> bool:
        """Put a message on the wire; False, and nothing done, if it is not ready or too full."""
        if not self.ready or len(self.out) + len(frame) + 9 > LONGEST:
            return False
        self.out += _framed(frame)
        return True

    def feed(self, data: bytes) -> list[bytes]:
        """Messages of one frame that end in these bytes. `Lost` if they are no ZMTP."""
        self._in += data
        if not self._greeted and not self._greet():
            return []
        messages = []
        while (frame := self._next_frame()) is not None:
            flags, body = frame
            if flags & _COMMAND:
                self._obey(body)
            elif not self.ready:
                raise Lost("a message before the handshake is over")
            else:
                if not flags & _MORE and not self._several:
                    messages.append(body)
                self._several = bool(flags & _MORE)
        return messages

    def _greet(self) -> bool:
        """Whether the other side's greeting is complete."""
        if len(self._in) < len(_GREETING):
            return False
        signed = self._in[0] == 0xFF and self._in[9] == 0x7F
        if not (signed and self._in[10] >= 3 and self._in[12:32] == _MECHANISM):
            raise Lost("whoever listens there does not speak ZMTP 3")
        del self._in[: len(_GREETING)]
        self.out += _framed(_READY, _COMMAND)
        self._greeted = True
        return True

    def _next_frame(self) -> tuple[int, bytes] | None:
        """Flags and body of the frame in front; None if it is not complete."""
        if not self._in:
            return None
        flags = self._in[0]
        if flags > _MORE | _LONG | _COMMAND:
            raise Lost("a frame with unknown flags")
        head = 9 if flags & _LONG else 2
        if len(self._in) < head:
            return None
        length = int.from_bytes(self._in[1:head], "big")
        if length > LONGEST:
            raise Lost("a frame of more than 1 MiB")
        if len(self._in) < head + length:
            return None
        body = bytes(self._in[head : head + length])
        del self._in[: head + length]
        return flags, body

    def _obey(self, command: bytes) -> None:
        if command.startswith(b"\x05READY"):
            self.ready = True
        elif command.startswith(b"\x04PING"):
            self.out += _framed(b"\x04PONG" + command[7:], _COMMAND)
            if len(self.out) > LONGEST:
                raise Lost("pings and nobody who takes the answers")
        elif command.startswith(b"\x05ERROR"):
            raise Lost("the other side refuses")


class Dealer:
    """One connection to a port of this machine. Nothing here blocks."""

    def __init__(self, port: int) -> None:
        self._wire = Wire()
        self._connected = False
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.connect_ex((LOOPBACK, port))

    @property
    def ready(self) -> bool:
        """Whether the handshake is over and messages may be sent."""
        return self._wire.ready

    def send(self, frame: bytes) -> bool:
        """Send a message soon; False, and nothing sent, if there is no room. Raises as `poll`."""
        taken = self._wire.send(frame)
        self._write()
        return taken

    def poll(self) -> list[bytes]:
        """Messages that have come. `Lost` if the connection is over: close it then."""
        if not self._connected and not self._connect():
            return []
        messages = []
        for _ in range(CHUNKS_AT_ONCE):
            data = self._read()
            if data is None:
                break
            messages += self._wire.feed(data)
        self._write()
        return messages

    def close(self) -> None:
        """Let go of the connection, with all that is on its way."""
        self._socket.close()

    def _connect(self) -> bool:
        """Whether the connection stands by now."""
        _, writable, failed = select.select([], [self._socket], [self._socket], 0)
        if failed or self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise Lost("nobody listens there")
        self._connected = bool(writable)
        return self._connected

    def _read(self) -> bytes | None:
        try:
            data = self._socket.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            raise Lost(str(error)) from None
        if not data:
            raise Lost("closed by the other side")
        return data

    def _write(self) -> None:
        try:
            while self._wire.out:
                del self._wire.out[: self._socket.send(self._wire.out)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            raise Lost(str(error)) from None


def _framed(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return struct.pack(">BQ", flags | _LONG, len(body)) + body
