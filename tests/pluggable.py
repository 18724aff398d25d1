"""A keyboard or a synth with a plug, as a process of its own, on the MIDI system that is there.

Commands are lines on its standard input, each answered by a line of JSON: `plug`, `unplug`, `send
HEX`, and `heard` for what came in so far.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from antiphon.bridge import ports
from antiphon.bridge import rtmidi_driver as driver

KEYBOARD, SYNTH = "Plug keyboard", "Plug synth"


class Pluggable:
    """Seen from a test: plugged in from the start."""

    def __init__(self, name: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ask("plug")

    def ask(self, command: str) -> Any:
        """Have it do something; what it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def send(self, message: bytes) -> None:
        """Have the keyboard play."""
        self.ask(f"send {message.hex()}")

    def heard(self) -> list[bytes]:
        """What the synth heard since it was asked before."""
        return [bytes.fromhex(text) for text in self.ask("heard")]

    def wait_for(self, message: bytes, seconds: float = 5.0) -> list[bytes]:
        """What the synth hears up to a message; fails if it does not come."""
        heard, until = self.heard(), time.monotonic() + seconds
        while message not in heard and time.monotonic() < until:
            time.sleep(0.002)
            heard += self.heard()
        assert message in heard, heard
        return heard

    def close(self) -> None:
        """Pull the plug for good."""
        self._process.kill()
        self._process.communicate()


def _run(name: str) -> None:
    driver.CLIENT = name
    port: ports.OutputPort | ports.InputPort | None = None
    for line in sys.stdin:
        word, *rest = line.split()
        answer: object = None
        if word == "plug":
            port = ports.OutputPort() if name == KEYBOARD else ports.InputPort()
            driver.open_virtual(port._client, "port")
        elif word == "unplug" and port:
            ports.Port.close(port)
            port = None
        elif word == "send" and isinstance(port, ports.OutputPort):
            port.send(bytes.fromhex(rest[0]))
        elif word == "heard" and isinstance(port, ports.InputPort):
            answer = [message.hex() for message in iter(port.receive, None)]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _run(sys.argv[1])
