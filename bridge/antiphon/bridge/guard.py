"""The process that owns the MIDI output and outlives the performer by one breath.

It repeats what comes down its pipe as frames, knows which keys are held, and releases them when the
pipe closes, however that came about. It knows no music and no time.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from typing import NoReturn

from antiphon.engine.errors import NoMidiSystem, PortNotFound

from . import frames, midi, panic
from .ports import NullOutput, Output, open_output

_READ = 4096
_IN_FD, _OUT_FD = 0, 1


class Guard:
    """The held keys of one output, and the promise to release them."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held: set[panic.Key] = set()
        self._channels: set[int] = set()
        self._frames = frames.Frames()

    def feed(self, data: bytes) -> None:
        """Act on every whole frame in the stream so far; the rest waits for more bytes."""
        for message, command in self._frames.feed(data):
            if message:
                self._pass_on(message)
            elif command == frames.PANIC:
                self.panic()
            elif command == frames.RELEASE:
                self.release()

    def panic(self) -> None:
        """End what is held, then silence all 16 channels."""
        self._end(panic.silence(self._held, panic.ALL_CHANNELS))

    def release(self) -> None:
        """End what is held."""
        self._end(panic.note_offs(self._held))

    def farewell(self) -> None:
        """End what is held and silence the channels that were used: the last words."""
        self._end(panic.silence(self._held, self._channels))

    def _pass_on(self, message: bytes) -> None:
        channel, kind = message[0] & 0x0F, message[0] & 0xF0
        if kind < 0xF0:
            self._channels.add(channel)
        # Held before it is sent, free after: cut off anywhere, what sounds is always known.
        if kind == 0x90 and message[2]:
            self._held.add((channel, message[1]))
        self._output.send(message)
        if midi.kind(message) == midi.NOTE_OFF:
            self._held.discard((channel, message[1]))

    def _end(self, messages: list[bytes]) -> None:
        for message in messages:
            self._output.send(message)
        self._held.clear()


class _Terminated(BaseException):
    """SIGTERM came."""


def main() -> int:
    """Run a guard on standard input until it ends; 2 when there is no such port."""
    parser = argparse.ArgumentParser(prog="python -m antiphon.bridge.guard", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="NAME", help="port to play to, by part of its name")
    where.add_argument("--virtual", action="store_true", help="make the port 'Antiphon out'")
    _heed_only_the_pipe()
    output = _open(parser.parse_args().out)
    if output is None:
        return PortNotFound.exit_code
    guard = Guard(output)
    try:
        while data := os.read(_IN_FD, _READ):
            guard.feed(data)
    except _Terminated:
        pass
    guard.farewell()
    output.close()
    return 0


def _open(out: str | None) -> Output | None:
    output: Output
    try:
        output = open_output(out)
        answer: dict[str, object] = {"port": output.name, "ok": True}
    except NoMidiSystem as error:
        output, answer = NullOutput(), {"port": None, "ok": True, "why": str(error)}
    except PortNotFound as error:
        _say({"ok": False, "why": str(error)})
        return None
    _say(answer)
    return output


def _say(answer: dict[str, object]) -> None:
    os.write(_OUT_FD, json.dumps(answer).encode() + b"\n")


def _heed_only_the_pipe() -> None:
    # Ctrl-C and a closed terminal reach the whole group; the notes must still be ended.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(signum: int, _frame: object) -> NoReturn:
    signal.signal(signum, signal.SIG_IGN)
    raise _Terminated


if __name__ == "__main__":
    sys.exit(main())
