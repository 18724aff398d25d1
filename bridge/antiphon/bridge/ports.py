"""MIDI ports by name, and a pipe that looks like one. The only module that knows rtmidi.

It knows bytes, not music: what a message means is its callers' business.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from antiphon.bridge.clock import SystemClock
from antiphon.engine.errors import NoMidiSystem, PortNotFound

CLIENT = "Antiphon"
VIRTUAL_IN = "Antiphon in"
VIRTUAL_OUT = "Antiphon out"

_ALSA_SEQUENCER = "/dev/snd/seq"
_READ = 256
_DRAIN_NS = 30_000_000

if sys.version_info >= (3, 13):
    import ctypes

    # rtmidi2's own libjack speaks an older protocol than today's servers; the system's, loaded
    # first and for all, takes its place.
    try:
        _libjack: Any = ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    except OSError:
        _libjack = None

    import rtmidi2 as _rtmidi

    _FAILURES: tuple[type[Exception], ...] = (RuntimeError, OSError, ValueError)
    _JACK_NO_START = 1

    def _new_input(api: int) -> Any:
        _refuse_absent_jack(api)
        return _rtmidi.MidiIn(CLIENT, _rtmidi.QUEUESIZE, api)

    def _new_output(api: int) -> Any:
        _refuse_absent_jack(api)
        return _rtmidi.MidiOut(CLIENT, api)

    def _refuse_absent_jack(api: int) -> None:
        # Without a server rtmidi2 makes a client all the same, and opening its port then aborts.
        if api != _rtmidi.API_UNIX_JACK:
            return
        if _libjack is None:
            raise RuntimeError("libjack is missing")
        _libjack.jack_client_open.restype = ctypes.c_void_p
        client = _libjack.jack_client_open(CLIENT.encode(), _JACK_NO_START, None)
        if not client:
            raise RuntimeError("no JACK server runs")
        _libjack.jack_client_close(ctypes.c_void_p(client))

    def _names(client: Any) -> list[str]:
        return [name or "" for name in client.ports]

    def _receiver(client: Any) -> Callable[[], list[int] | None]:
        return client.get_message  # type: ignore[no-any-return]

    def _sender(client: Any) -> Callable[[bytes], None]:
        return lambda message: client.send_raw(*message)

    def _delete(client: Any) -> None:
        client.close_port()
else:
    import rtmidi as _rtmidi

    _FAILURES = (_rtmidi.RtMidiError, RuntimeError, NotImplementedError)

    def _new_input(api: int) -> Any:
        return _rtmidi.MidiIn(api, CLIENT)

    def _new_output(api: int) -> Any:
        return _rtmidi.MidiOut(api, CLIENT)

    def _names(client: Any) -> list[str]:
        return list(client.get_ports())

    def _receiver(client: Any) -> Callable[[], list[int] | None]:
        def receive() -> list[int] | None:
            event = client.get_message()
            return event[0] if event else None

        return receive

    def _sender(client: Any) -> Callable[[bytes], None]:
        return client.send_message  # type: ignore[no-any-return]

    def _delete(client: Any) -> None:
        client.delete()


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
        self._receive = _receiver(client)

    def receive(self) -> bytes | None:
        """The next message, None when there is none; never waits. [loop]"""
        message = self._receive()
        return bytes(message) if message else None

    def close(self) -> None:
        """Close the port and its client. [may block]"""
        _delete(self._client)


class OutputPort:
    """A MIDI output port."""

    def __init__(self, client: Any, name: str) -> None:
        self.name = name
        self.send = _sender(client)
        """Send one whole message. [loop]"""
        self._client = client

    def close(self) -> None:
        """Close the port and its client, once what was sent is out. [may block]"""
        # JACK takes what was sent in its next periods only, and forgets it if the port is gone.
        clock = SystemClock()
        clock.sleep_until(clock.now_ns() + _DRAIN_NS)
        _delete(self._client)


class NullOutput:
    """The output of a machine without MIDI: it takes everything and plays nothing."""

    name = "none"

    def send(self, message: bytes) -> None:
        """Forget the message. [loop]"""

    def close(self) -> None:
        """Nothing to let go of."""


class PipeInput:
    """MIDI bytes from a pipe, as from a port; it owns the file descriptor from now on."""

    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self.name = "pipe"
        self.ended = False
        """Whether the writer is gone and everything was received."""
        self._fd = fd
        self._parser = _Parser()

    def receive(self) -> bytes | None:
        """The next channel message, None when there is none; never waits. [loop]"""
        messages = self._parser.messages
        if not messages and not self.ended:
            self._read()
        return messages.popleft() if messages else None

    def close(self) -> None:
        """Close the file descriptor."""
        os.close(self._fd)

    def _read(self) -> None:
        try:
            data = os.read(self._fd, _READ)
        except BlockingIOError:
            return
        self.ended = not data
        self._parser.feed(data)


class _Parser:
    """Channel messages out of a byte stream, however it is cut; all else is passed over."""

    def __init__(self) -> None:
        self.messages: deque[bytes] = deque()
        self._status = 0
        self._data = b""

    def feed(self, data: bytes) -> None:
        for byte in data:
            if byte < 0x80:
                self._take(byte)
            elif byte < 0xF8:
                # System common ends running status: its data bytes then belong to nothing.
                self._status = byte if byte < 0xF0 else 0
                self._data = b""

    def _take(self, byte: int) -> None:
        if not self._status:
            return
        self._data += bytes((byte,))
        # Program change and channel pressure have one data byte, the others two.
        if len(self._data) == (1 if self._status & 0xE0 == 0xC0 else 2):
            self.messages.append(bytes((self._status,)) + self._data)
            self._data = b""


def list_inputs() -> list[str]:
    """Names of the ports one can listen to; raises NoMidiSystem. [may block]"""
    return _list(_new_input)


def list_outputs() -> list[str]:
    """Names of the ports one can play to; raises NoMidiSystem. [may block]"""
    return _list(_new_output)


def open_input(name: str | None) -> InputPort:
    """Open the one port whose name contains `name`, or for None make "Antiphon in". [may block]

    Raises PortNotFound when none or several match, NoMidiSystem when there is nothing to ask.
    """
    client = _client(_new_input)
    client.ignore_types(True, True, True)
    return InputPort(client, _connect(client, name, VIRTUAL_IN))


def open_output(name: str | None) -> OutputPort:
    """Open the one port whose name contains `name`, or for None make "Antiphon out". [may block]

    Raises PortNotFound when none or several match, NoMidiSystem when there is nothing to ask.
    """
    client = _client(_new_output)
    return OutputPort(client, _connect(client, name, VIRTUAL_OUT))


def _list(new: Callable[[int], Any]) -> list[str]:
    client = _client(new)
    names = _names(client)
    _delete(client)
    return names


def _connect(client: Any, name: str | None, virtual: str) -> str:
    try:
        if name is None:
            if sys.platform == "win32":
                raise PortNotFound("Windows has no virtual ports: install loopMIDI, name its port.")
            client.open_virtual_port(virtual)
            return virtual
        names = _names(client)
        index = _match(name, names)
        client.open_port(index)
        return names[index]
    except _FAILURES as error:
        _delete(client)
        raise PortNotFound(f"The port {name or virtual!r} cannot be opened: {error}") from error
    except PortNotFound:
        _delete(client)
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


def _client(new: Callable[[int], Any]) -> Any:
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    with _quiet_stderr():
        for api in _systems():
            with contextlib.suppress(*_FAILURES):
                return new(api)
    raise NoMidiSystem(_ADVICE)


_ADVICE = (
    "There is no MIDI system here: load ALSA's sequencer (modprobe snd-seq) or start JACK"
    " (apt-get install jackd2, then jackd -d dummy)."
)


def _systems() -> list[int]:
    if sys.platform == "darwin":
        return [_rtmidi.API_MACOSX_CORE]
    if sys.platform == "win32":
        return [_rtmidi.API_WINDOWS_MM]
    # Whoever names a JACK server means it; else ALSA is what hardware hangs on.
    if "JACK_DEFAULT_SERVER" in os.environ or not os.path.exists(_ALSA_SEQUENCER):
        return [_rtmidi.API_UNIX_JACK, _rtmidi.API_LINUX_ALSA]
    return [_rtmidi.API_LINUX_ALSA, _rtmidi.API_UNIX_JACK]


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    # libjack and libasound print every refusal straight to file descriptor 2.
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
