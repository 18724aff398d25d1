"""MIDI ports: ours, each connected to what was found by name.

They know bytes, not music. A client of the driver costs 20 ms to make and to open, so it is kept
while what it is connected to comes and goes.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Protocol

from antiphon.engine.errors import PortNotFound

from . import midi
from . import rtmidi_driver as driver
from .clock import SystemClock
from .lifeline import Lifeline, sockets
from .lookout import Lookout

VIRTUAL_IN = "Antiphon in"
VIRTUAL_OUT = "Antiphon out"

_PERIODS_NS = 50_000_000
"""JACK connects, and takes what was sent, in its next period only; long ones have 43 ms."""


class Input(Protocol):
    """Where MIDI comes from."""

    name: str

    def receive(self) -> bytes | None:
        """The next channel message, None when there is none. [loop]"""

    def close(self) -> None:
        """Let go of it; nothing may be received after."""


class Output(Protocol):
    """Where MIDI goes."""

    name: str

    def send(self, message: bytes) -> None:
        """Send one whole message. [loop]"""

    def close(self) -> None:
        """Let go of it; nothing may be sent after."""


class Port:
    """A port of ours that listens or plays, and what it is connected to."""

    def __init__(self, client: Any, virtual: str, before: frozenset[int]) -> None:
        self.name = ""
        """Full name of the port it is, or is connected to; empty before it was."""
        self._client, self._virtual = client, virtual
        self._lifeline = Lifeline(before)

    @property
    def cut(self) -> bool:
        """Whether the MIDI system is gone: then this process can do nothing but end. [may block]"""
        return self._lifeline.cut

    def peers(self) -> list[str]:
        """Names of the ports there are to connect to. [may block]"""
        return driver.names(self._client)

    def connect(self, index: int | None) -> None:
        """Connect to one of `peers` anew, or for None be a port for others. [may block]

        Raises PortNotFound when that cannot be.
        """
        try:
            driver.close_port(self._client)
            if index is None:
                self._be_virtual()
                return
            name = self.peers()[index]
            driver.open_port(self._client, index)
            self.name = name
        except (*driver.FAILURES, IndexError) as error:
            name = self.name or self._virtual
            raise PortNotFound(f"The port {name!r} cannot be opened: {error}") from error

    def close(self) -> None:
        """Let go of the port and its client. [may block]"""
        driver.delete(self._client)
        self._client = None

    def _be_virtual(self) -> None:
        if sys.platform == "win32":
            raise PortNotFound("Windows has no virtual ports: name a port, or take the plugin.")
        driver.open_virtual(self._client, self._virtual)
        self.name = self._virtual


class InputPort(Port):
    """A MIDI input port."""

    def __init__(self) -> None:
        """One that is not connected; raises NoMidiSystem. [may block]"""
        before = sockets()
        super().__init__(driver.new_input(), VIRTUAL_IN, before)
        self._receive = driver.receiver(self._client)

    def take(self) -> tuple[bytes, int] | None:
        """The next message of whatever kind, and nanoseconds since the one before. [loop]"""
        taken = self._receive()
        return (bytes(taken[0]), round(taken[1] * 1e9)) if taken else None

    def receive(self) -> bytes | None:
        """The next channel message, None when there is none; never waits. [loop]"""
        while (taken := self.take()) is not None:
            if taken[0][0] < midi.SYSTEM:
                return taken[0]
        return None

    def close(self) -> None:
        """Let go of the port and its client. [may block]"""
        del self._receive
        super().close()


class OutputPort(Port):
    """A MIDI output port."""

    def __init__(self) -> None:
        """One that is not connected; raises NoMidiSystem. [may block]"""
        before = sockets()
        super().__init__(driver.new_output(), VIRTUAL_OUT, before)
        self._send = driver.sender(self._client)

    def send(self, message: bytes) -> None:
        """Send one whole message; into nothing, if the other side is gone. [loop]"""
        with contextlib.suppress(*driver.FAILURES):
            self._send(message)

    def connect(self, index: int | None) -> None:
        """Connect, and come back when what is sent arrives; raises PortNotFound. [may block]"""
        super().connect(index)
        if index is not None:
            _wait_for_periods()

    def close(self) -> None:
        """Let go of the port and its client, once what was sent is out. [may block]"""
        _wait_for_periods()
        del self._send
        super().close()


class NullOutput:
    """The output of a machine without MIDI: it takes everything and plays nothing."""

    name = "none"

    def send(self, message: bytes) -> None:
        """Forget the message. [loop]"""

    def close(self) -> None:
        """Nothing to let go of."""


def list_inputs() -> list[str]:
    """Names of the ports one can listen to; raises NoMidiSystem. [may block]"""
    return _names(driver.new_input())


def list_outputs() -> list[str]:
    """Names of the ports one can play to; raises NoMidiSystem. [may block]"""
    return _names(driver.new_output())


def open_input(name: str | None) -> InputPort:
    """Open the one port whose name contains `name`, or for None make "Antiphon in". [may block]

    Raises PortNotFound when none or several match, NoMidiSystem when there is nothing to ask.
    """
    return Lookout(InputPort, name).begin()


def open_output(name: str | None) -> OutputPort:
    """Open the one port whose name contains `name`, or for None make "Antiphon out". [may block]

    Raises PortNotFound when none or several match, NoMidiSystem when there is nothing to ask.
    """
    return Lookout(OutputPort, name).begin()


def _wait_for_periods() -> None:
    clock = SystemClock()
    clock.sleep_until(clock.now_ns() + _PERIODS_NS)


def _names(client: Any) -> list[str]:
    names = driver.names(client)
    driver.delete(client)
    return names
