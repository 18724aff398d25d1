"""The process that is a peer of Ableton Link, and the only file that knows aalink.

`python -m antiphon.bridge.link_peer BPM` tells its standard output every few milliseconds where
the session is, as a `Beat`. Lines on its standard input: `tempo BPM`, `play`, `stop`; when that
closes, it ends. aalink is an extra under the GPL; nothing else imports it.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
from typing import Any, NamedTuple

from .clock import SystemClock

EVERY_S = 0.01
TRIES = 3
QUANTUM = 4.0
"""Peers agree on the phase within so many beats."""
_RECORD = struct.Struct("<ddqH?x")
SIZE = _RECORD.size
"""Bytes of one `Beat`."""


class Beat(NamedTuple):
    """Where a Link session is at one moment."""

    beat: float
    bpm: float
    ns: int
    """Monotonic nanoseconds."""
    peers: int
    """Others in the session."""
    playing: bool

    def encode(self) -> bytes:
        """As it goes through the pipe."""
        return _RECORD.pack(*self)

    @classmethod
    def decode(cls, record: bytes) -> Beat:
        """Out of SIZE bytes."""
        return cls(*_RECORD.unpack(record))


def _beat(session: Any) -> Beat:
    """The beat now, on our own clock: of a few readings the one that took the least time."""
    clock, readings = SystemClock(), []
    for _ in range(TRIES):
        before_ns = clock.now_ns()
        beat = session.beat
        after_ns = clock.now_ns()
        readings.append((after_ns - before_ns, before_ns, beat))
    took_ns, before_ns, beat = min(readings)
    ns = before_ns + took_ns // 2
    return Beat(beat, session.tempo, ns, session.num_peers, session.playing)


def _obey(session: Any, line: bytes) -> None:
    match line.split():
        case [b"tempo", bpm]:
            session.tempo = float(bpm)
        case [b"play"]:
            session.playing = True
        case [b"stop"]:
            session.playing = False


async def _take_part(bpm: float) -> None:
    import aalink

    session = aalink.Link(bpm)
    session.quantum = QUANTUM
    session.start_stop_sync_enabled = True
    session.enabled = True
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    telling = asyncio.create_task(_tell(session))
    while line := await commands.readline():
        _obey(session, line)
    telling.cancel()
    session.enabled = False


async def _tell(session: Any) -> None:
    os.set_blocking(1, False)
    while True:
        try:
            os.write(1, _beat(session).encode())
        except BlockingIOError:
            pass  # Nobody reads just now; old beats are worth nothing.
        except BrokenPipeError:
            os._exit(0)
        await asyncio.sleep(EVERY_S)


if __name__ == "__main__":
    asyncio.run(_take_part(float(sys.argv[1])))
