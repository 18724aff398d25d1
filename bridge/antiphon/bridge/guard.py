"""The process that owns the MIDI output and outlives the performer by one breath.

It repeats what comes down its pipe, knows which keys are held, and releases them when the pipe
closes, however that came about. It knows no music and no time.

Frames on the pipe are 4 bytes: a length 1..3 and that many MIDI bytes, padded; or 0 and a command.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import signal
import subprocess
import sys
from typing import NamedTuple, NoReturn

from antiphon.bridge import panic
from antiphon.bridge.ports import NullOutput, Output, open_output
from antiphon.engine.errors import MachineError, NoMidiSystem, PortNotFound

PANIC = 1
"""Command: end what is held, then silence all 16 channels."""
RELEASE = 2
"""Command: end what is held."""

_FRAME = 4
_READ = 4096
_START_S = 10.0
_IN_FD, _OUT_FD = 0, 1


class Ready(NamedTuple):
    """How a guard started."""

    port: str | None
    """Name of the port it owns, None on a machine without MIDI, where it plays into nothing."""
    why: str
    """Why there is no port; empty when there is one."""


class GuardPipe:
    """A guard process, seen from the performer. For one thread: the loop's."""

    def __init__(self, out: str | None) -> None:
        """Start a guard on port `out`, or on a virtual port for None. [may block]

        Raises PortNotFound when there is no such port, MachineError when it does not start.
        """
        options = ["--virtual"] if out is None else ["--out", out]
        self.dropped = 0
        """Messages not sent because the pipe was full. Never a note-off."""
        self.lost = False
        """Whether the guard is gone; everything sent since is forgotten."""
        self._kept: dict[bytes, bytes] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "antiphon.bridge.guard", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        assert self._process.stdin is not None
        self._fd = self._process.stdin.fileno()
        os.set_blocking(self._fd, False)
        try:
            self.ready = _await_ready(self._process)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._process.pid

    def send(self, message: bytes) -> None:
        """Pass on 1..3 MIDI bytes; never waits. [loop]

        While the pipe is full, note-offs and controllers are kept for the next call and the rest
        is dropped and counted.
        """
        if self.flush() and self._write(bytes((len(message),)) + message.ljust(3, b"\0")):
            return
        # Keyed by status and key, so that at most one of each is kept: bounded by construction.
        if _is_note_off(message):
            self._keep(bytes((0x80 | message[0] & 0x0F, message[1])), message)
        elif message[0] & 0xF0 == 0xB0:
            self._keep(message[:2], message)
        else:
            self.dropped += 1

    def flush(self) -> bool:
        """Try again what was kept; whether nothing is left to send; never waits. [loop]"""
        while self._kept:
            key = next(iter(self._kept))
            message = self._kept[key]
            if not self._write(bytes((len(message),)) + message.ljust(3, b"\0")):
                return False
            del self._kept[key]
        return True

    def panic(self) -> bool:
        """Have the guard silence everything; False when the pipe is full. [loop]"""
        return self._write(bytes((0, PANIC, 0, 0)))

    def release(self) -> bool:
        """Have the guard end every held note; False when the pipe is full. [loop]"""
        return self._write(bytes((0, RELEASE, 0, 0)))

    def close(self) -> None:
        """Close the pipe, which releases every note, and wait for the guard. [may block]"""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.lost = True
        self._process.stdin.close()
        try:
            self._process.wait(_START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _keep(self, key: bytes, message: bytes) -> None:
        self._kept.pop(key, None)
        self._kept[key] = message

    def _write(self, frame: bytes) -> bool:
        # A frame is far below PIPE_BUF, so it goes whole or not at all.
        if self.lost:
            return True
        try:
            os.write(self._fd, frame)
        except BlockingIOError:
            return False
        except OSError:
            self.lost = True
        return True


def _is_note_off(message: bytes) -> bool:
    kind = message[0] & 0xF0
    return kind == 0x80 or (kind == 0x90 and message[2] == 0)


def _await_ready(process: subprocess.Popen[bytes]) -> Ready:
    assert process.stdout is not None
    if not select.select([process.stdout], [], [], _START_S)[0]:
        raise MachineError(f"The MIDI guard did not start within {_START_S:g} s.")
    line = process.stdout.readline()
    if not line:
        raise MachineError("The MIDI guard ended before it was ready.")
    answer = json.loads(line)
    if not answer["ok"]:
        raise PortNotFound(answer["why"])
    return Ready(answer["port"], answer.get("why", ""))


class Guard:
    """The held keys of one output, and the promise to release them."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._held: set[panic.Key] = set()
        self._channels: set[int] = set()
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Act on every whole frame in the stream so far; the rest waits for more bytes."""
        data = self._rest + data
        whole = len(data) - len(data) % _FRAME
        for start in range(0, whole, _FRAME):
            self._frame(data[start : start + _FRAME])
        self._rest = data[whole:]

    def panic(self) -> None:
        """End what is held, then silence all 16 channels."""
        self._end(panic.silence(self._held, panic.ALL_CHANNELS))

    def release(self) -> None:
        """End what is held."""
        self._end(panic.note_offs(self._held))

    def farewell(self) -> None:
        """End what is held and silence the channels that were used: the last words."""
        self._end(panic.silence(self._held, self._channels))

    def _frame(self, frame: bytes) -> None:
        length, first = frame[0], frame[1]
        if 1 <= length <= 3:
            self._pass_on(frame[1 : 1 + length])
        elif length == 0 and first == PANIC:
            self.panic()
        elif length == 0 and first == RELEASE:
            self.release()

    def _pass_on(self, message: bytes) -> None:
        channel, kind = message[0] & 0x0F, message[0] & 0xF0
        if kind < 0xF0:
            self._channels.add(channel)
        # Held before it is sent, free after: cut off anywhere, what sounds is always known.
        if kind == 0x90 and message[2]:
            self._held.add((channel, message[1]))
        self._output.send(message)
        if len(message) == 3 and _is_note_off(message):
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
