"""The process that owns the MIDI output and outlives the performer by one breath.

It repeats what comes down its pipe as frames, knows which keys are held, and releases them when the
pipe closes, however that came about, and when a port that was gone is back. It knows no music.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from contextlib import suppress
from typing import NoReturn

import msgspec
from msgspec import Struct

from antiphon.engine.errors import NoMidiSystem, PortNotFound

from . import frames, midi, panic
from .clock import SystemClock
from .lookout import Lookout, Seen
from .port_process import IN_FD, LOOK_NS, afresh, heed_only_the_pipe, hush, real_time, say
from .ports import VIRTUAL_OUT, NullOutput, Output, OutputPort

MODULE = "antiphon.bridge.guard"
PRIORITY = 22
_READ = 4096
_NS_PER_S = 1_000_000_000


class Memory(Struct, frozen=True):
    """What a guard must know of the one before it."""

    held: list[panic.Key] = []
    channels: list[int] = []
    programs: dict[int, int] = {}


NOTHING = Memory()


class Guard:
    """The held keys of one output, and the promise to release them."""

    def __init__(self, output: Output | None, memory: Memory = NOTHING) -> None:
        """`output` is None while there is nothing to play to; what would sound is known."""
        self._output = output
        self._held = set(memory.held)
        self._channels = set(memory.channels)
        self._programs = dict(memory.programs)
        self._frames = frames.Frames()

    @property
    def memory(self) -> Memory:
        """What the next guard must know."""
        return Memory(sorted(self._held), sorted(self._channels), self._programs)

    def gone(self) -> None:
        """The port is gone: nothing can be sent."""
        self._output = None

    def back(self, output: Output) -> None:
        """There is a port again: end what it may still sound, and give it its sounds back."""
        self._output = output
        self.farewell()
        for channel, number in self._programs.items():
            output.send(midi.program(channel, number))

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
        """End what is held, silence all 16 channels, bring their controllers to rest."""
        self._end(panic.panic(self._held))

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
        if kind == midi.PROGRAM:
            self._programs[channel] = message[1]
        self._send(message)
        if midi.kind(message) == midi.NOTE_OFF:
            self._held.discard((channel, message[1]))

    def _end(self, messages: list[bytes]) -> None:
        for message in messages:
            self._send(message)
        # What could not be sent is still to be ended.
        if self._output:
            self._held.clear()

    def _send(self, message: bytes) -> None:
        if self._output:
            self._output.send(message)


class _Terminated(BaseException):
    """SIGTERM came."""


def main() -> int:
    """Run a guard on standard input until it ends; 2 when there is no such port."""
    asked = _asked()
    heed_only_the_pipe()
    signal.signal(signal.SIGTERM, _terminate)
    hush()
    lookout = Lookout(OutputPort, asked.out)
    guard = Guard(None, msgspec.json.decode(asked.memory, type=Memory))
    if not asked.again and not _begin(guard, lookout):
        return PortNotFound.exit_code
    real_time(PRIORITY)
    cut = False
    with suppress(_Terminated):
        cut = _run(guard, lookout if asked.again or lookout.port else None)
    if cut:
        _begin_afresh(guard, asked.out)
    guard.farewell()
    if lookout.port and lookout.here:
        lookout.port.close()
    os._exit(0)  # whatever state the driver is in


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--out", metavar="NAME", help="port to play to, by part of its name")
    where.add_argument("--virtual", action="store_true", help="make the port 'Antiphon out'")
    parser.add_argument("--again", action="store_true", help="wait for the port to be back")
    parser.add_argument("--memory", default="{}", help=argparse.SUPPRESS)
    return parser.parse_args()


def _begin(guard: Guard, lookout: Lookout[OutputPort]) -> bool:
    """Open the port and say so; whether it went well."""
    try:
        guard.back(lookout.begin())
        answer: dict[str, object] = {"port": lookout.name, "ok": True}
    except NoMidiSystem as error:
        guard.back(NullOutput())
        answer = {"port": None, "ok": True, "why": str(error)}
    except PortNotFound as error:
        say({"ok": False, "why": str(error)})
        return False
    say(answer)
    return True


def _run(guard: Guard, lookout: Lookout[OutputPort] | None) -> bool:
    """Until the pipe closes, or the MIDI system is gone: whether it is."""
    clock = SystemClock()
    look_ns = clock.now_ns() + LOOK_NS
    while True:
        wait_ns = max(0, look_ns - clock.now_ns())
        if select.select([IN_FD], [], [], wait_ns / _NS_PER_S)[0]:
            data = os.read(IN_FD, _READ)
            if not data:
                return False
            guard.feed(data)
        if clock.now_ns() >= look_ns:
            look_ns = clock.now_ns() + LOOK_NS
            if lookout and _look(guard, lookout):
                return True


def _look(guard: Guard, lookout: Lookout[OutputPort]) -> bool:
    """See whether the port went or is back: whether the MIDI system is gone."""
    seen = lookout.look()
    if seen is Seen.GONE:
        guard.gone()
    elif seen is Seen.BACK and lookout.port:
        guard.back(lookout.port)
    if seen in (Seen.GONE, Seen.BACK):
        say({"port": lookout.name, "here": lookout.here})
    return seen is Seen.CUT


def _begin_afresh(guard: Guard, out: str | None) -> NoReturn:
    guard.gone()
    say({"port": out or VIRTUAL_OUT, "here": False})
    where = ["--virtual"] if out is None else ["--out", out]
    afresh(MODULE, [*where, "--again", "--memory", msgspec.json.encode(guard.memory).decode()])


def _terminate(signum: int, _frame: object) -> NoReturn:
    signal.signal(signum, signal.SIG_IGN)
    raise _Terminated


if __name__ == "__main__":
    sys.exit(main())
