"""MIDI ports by name.

It knows bytes, not music: what a message means is its callers' business.
"""

from __future__ import annotations

import sys
from typing import Any, Protocol

from antiphon.engine.errors import PortNotFound

from . import rtmidi_driver as driver
from .clock import SystemClock

VIRTUAL_IN = "Antiphon in"
VIRTUAL_OUT = "Antiphon out"

_DRAIN_NS = 30_000_000


class Input(Protocol):
    """Where MIDI comes from."""

    name: str

    def receive(self) -> bytes | None:
        """The next message, None when there is none. [loop]"""

    def close(self) -> None:
        """Let go of it; nothing may be received after."""


class Output(Protocol):
    """Where MIDI goes."""

    name: str

    def send(self, message: bytes) -> None:
        """Send one whole message. [loop]"""

    def close(self) -> None:
        """Let go of it; nothing may be sent after."""


class InputPort:
    """A MIDI input port. Clock, active sensing and system exclusive do not come through."""

    def __init__(self, client: Any, name: str) -> None:
        self.name = name
        self._client = client
        self._receive = driver.receiver(client)

    def receive(self) -> bytes | None:
        """The next message, None when there is none; never waits. [loop]"""
        message = self._receive()
        return bytes(message) if message else None

    def close(self) -> None:
        """Close the port and its client. [may block]"""
        driver.delete(self._client)


class OutputPort:
    """A MIDI output port."""

    def __init__(self, client: Any, name: str) -> None:
        self.name = name
        self.send = driver.sender(client)
        """Send one whole message. [loop]"""
        self._client = client

    def close(self) -> None:
        """Close the port and its client, once what was sent is out. [may block]"""
        # JACK takes what was sent in its next periods only, and forgets it if the port is gone.
        clock = SystemClock()
        clock.sleep_until(clock.now_ns() + _DRAIN_NS)
        driver.delete(self._client)


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
    client = driver.new_input()
    return InputPort(client, _connect(client, name, VIRTUAL_IN))


def open_output(name: str | None) -> OutputPort:
    """Open the one port whose name contains `name`, or for None make "Antiphon out". [may block]

    Raises PortNotFound when none or several match, NoMidiSystem when there is nothing to ask.
    """
    client = driver.new_output()
    return OutputPort(client, _connect(client, name, VIRTUAL_OUT))


def _names(client: Any) -> list[str]:
    names = driver.names(client)
    driver.delete(client)
    return names


def _connect(client: Any, name: str | None, virtual: str) -> str:
    try:
        if name is None:
            if sys.platform == "win32":
                raise PortNotFound("Windows has no virtual ports: install loopMIDI, name its port.")
            driver.open_virtual(client, virtual)
            return virtual
        names = driver.names(client)
        index = _match(name, names)
        driver.open_port(client, index)
        return names[index]
    except driver.FAILURES as error:
        driver.delete(client)
        raise PortNotFound(f"The port {name or virtual!r} cannot be opened: {error}") from error
    except PortNotFound:
        driver.delete(client)
        raise


def _match(name: str, names: list[str]) -> int:
    wanted = name.lower()
    exact = [index for index, known in enumerate(names) if known.lower() == wanted]
    found = exact or [index for index, known in enumerate(names) if wanted in known.lower()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(names[index]) for index in found or range(len(names))) or "none"
    if found:
        raise PortNotFound(f"{len(found)} MIDI ports match {name!r}, say which: {listed}.")
    raise PortNotFound(f"No MIDI port matches {name!r}. There are: {listed}.")
