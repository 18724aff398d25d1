"""The far side of a MIDI cable, as a process of its own: it records what arrives, or plays.

`far_side.py record PORT` prints {"ready": NAME}, then {"ns": monotonic, "hex": bytes} for each
message, until its standard input ends. `far_side.py play PORT` sends each line {"after_ms": wait,
"hex": bytes} of its standard input.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from typing import NamedTuple

from antiphon.bridge import ports

_POLL_S = 0.0005
_CONNECTS_S = 0.05
"""JACK connects in its next period only."""


class Heard(NamedTuple):
    """A message that arrived, with its moment."""

    ns: int
    message: bytes


class FarSide:
    """A recording far side, seen from a test."""

    def __init__(self, port: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, "record", port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.port = json.loads(self._process.stdout.readline())["ready"]

    def read(self, count: int) -> list[Heard]:
        """The next `count` messages; waits for them."""
        assert self._process.stdout is not None
        return [_heard(self._process.stdout.readline()) for _ in range(count)]

    def read_until(self, message: bytes) -> list[Heard]:
        """Everything up to `message`; waits for it."""
        heard = self.read(1)
        while heard[-1].message != message:
            heard += self.read(1)
        return heard

    def finish(self) -> list[Heard]:
        """Hang up; everything not read yet."""
        rest, _ = self._process.communicate()
        return [_heard(line) for line in rest.splitlines()]


def play(port: str, events: list[tuple[float, bytes]]) -> None:
    """Have a far side play (milliseconds to wait, message) into a port."""
    lines = [json.dumps({"after_ms": wait, "hex": message.hex()}) for wait, message in events]
    command = [sys.executable, __file__, "play", port]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)


def stuck(heard: list[Heard]) -> set[tuple[int, int]]:
    """(channel, pitch) of the keys still down after all of it."""
    down: set[tuple[int, int]] = set()
    for _, message in heard:
        kind, key = message[0] & 0xF0, (message[0] & 0x0F, message[1])
        if kind == 0x90 and message[2]:
            down.add(key)
        elif kind in (0x80, 0x90):
            down.discard(key)
    return down


def _heard(line: str) -> Heard:
    record = json.loads(line)
    return Heard(record["ns"], bytes.fromhex(record["hex"]))


def _record(name: str) -> None:
    port = ports.open_input(name)
    time.sleep(_CONNECTS_S)
    _print({"ready": port.name})
    while not select.select([sys.stdin], [], [], _POLL_S)[0]:
        while message := port.receive():
            _print({"ns": time.monotonic_ns(), "hex": message.hex()})
    port.close()


def _play(name: str) -> None:
    port = ports.open_output(name)
    for line in sys.stdin:
        event = json.loads(line)
        time.sleep(event["after_ms"] / 1000)
        port.send(bytes.fromhex(event["hex"]))
    port.close()


def _print(record: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    {"record": _record, "play": _play}[sys.argv[1]](sys.argv[2])
