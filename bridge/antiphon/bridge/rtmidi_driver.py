"""rtmidi and rtmidi2 behind one face, whichever this Python has. The only module that knows them.

A client is theirs and goes back to these functions only. It knows nothing of Antiphon's ports.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from antiphon.engine.errors import NoMidiSystem

from .quiet import quiet_stderr
from .threads import others_are_busy

CLIENT = "Antiphon"

_TRIES = 5
APART_S, PATIENCE_S = 0.02, 0.48
"""How long what was done before may sink in: at least, and longer while threads are busy."""
_LOOK_S = 0.001
_ALSA_SEQUENCER = "/dev/snd/seq"
_ADVICE = (
    "There is no MIDI system here: load ALSA's sequencer (modprobe snd-seq) or start JACK"
    " (apt-get install jackd2, then jackd -S -d dummy)."
)

# Both libraries bring a libjack of their own, which speaks to the servers of its time only and to
# PipeWire not at all; the system's, loaded first and for all, takes its place.
try:
    _libjack: Any = ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
except (OSError, TypeError):
    _libjack = None

if sys.version_info >= (3, 13):
    import rtmidi2 as _rtmidi

    FAILURES: tuple[type[Exception], ...] = (RuntimeError, OSError, ValueError)
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
        _settle()
        _libjack.jack_client_close(ctypes.c_void_p(client))

    def _count(client: Any) -> int:
        return len(client.ports)

    def _name(client: Any, index: int) -> str:
        return client.get_port_name(index) or ""

    def receiver(client: Any) -> Callable[[], tuple[list[int], float] | None]:
        """What gives the next message, and seconds since the one before; never waits. [loop]"""

        def receive() -> tuple[list[int], float] | None:
            message = client.get_message()
            return (message, client.deltatime) if message else None

        return receive

    def sender(client: Any) -> Callable[[bytes], None]:
        """What sends one whole message. [loop]"""
        return lambda message: client.send_raw(*message)

    def _delete(client: Any) -> None:
        """It ends when nobody has it any more."""
else:
    import rtmidi as _rtmidi

    FAILURES = (_rtmidi.RtMidiError, RuntimeError, NotImplementedError)

    def _new_input(api: int) -> Any:
        return _rtmidi.MidiIn(api, CLIENT)

    def _new_output(api: int) -> Any:
        return _rtmidi.MidiOut(api, CLIENT)

    def _count(client: Any) -> int:
        return client.get_port_count()  # type: ignore[no-any-return]

    def _name(client: Any, index: int) -> str:
        return client.get_port_name(index)  # type: ignore[no-any-return]

    def receiver(client: Any) -> Callable[[], tuple[list[int], float] | None]:
        """What gives the next message, and seconds since the one before; never waits. [loop]"""
        return client.get_message  # type: ignore[no-any-return]

    def sender(client: Any) -> Callable[[bytes], None]:
        """What sends one whole message. [loop]"""
        return client.send_message  # type: ignore[no-any-return]

    def _delete(client: Any) -> None:
        client.delete()


def delete(client: Any) -> None:
    """Let go of a client and its port; takes a second at most. [may block]"""
    _settle()
    # The server tells this client, too, that its port is gone.
    client.close_port()
    _settle()
    _delete(client)


def _settle() -> None:
    """Give libjack time to do what it was told: until no thread is busy, if that is soon.

    [may block] JACK 1.9.21 tells each client in a thread of its own that another is gone; the
    client's own end cancels that thread wherever it is, and now and then the process breaks.
    """
    if _libjack is None:
        return
    time.sleep(APART_S)
    until_s = time.monotonic() + PATIENCE_S
    while others_are_busy() and time.monotonic() < until_s:
        time.sleep(_LOOK_S)


def new_input() -> Any:
    """A client that listens to everything; raises NoMidiSystem. [may block]"""
    client = _first(_new_input)
    # What it were deaf to would be missing from the times between messages.
    client.ignore_types(False, False, False)
    return client


def new_output() -> Any:
    """A client that plays; raises NoMidiSystem. [may block]"""
    return _first(_new_output)


def names(client: Any) -> list[str]:
    """Names of the ports a client could be connected to. [may block]"""
    found: list[str] = []
    for _ in range(_TRIES):
        found = []
        # A port may vanish between being counted and being named.
        with contextlib.suppress(*FAILURES):
            for index in range(_count(client)):
                found.append(_name(client, index))
            break
    return found


def open_port(client: Any, index: int) -> None:
    """Connect to the port at `index` of `names`; raises one of FAILURES. [may block]"""
    client.open_port(index)


def close_port(client: Any) -> None:
    """Let go of its port only; it may be connected anew. [may block]"""
    client.close_port()


def open_virtual(client: Any, name: str) -> None:
    """Make a port for others to connect to; raises one of FAILURES. [may block]"""
    client.open_virtual_port(name)


def _first(new: Callable[[int], Any]) -> Any:
    """A client on the first MIDI system that is there."""
    os.environ.setdefault("JACK_NO_START_SERVER", "1")
    with quiet_stderr():
        for api in _systems():
            with contextlib.suppress(*FAILURES):
                return new(api)
    raise NoMidiSystem(_ADVICE)


def _systems() -> list[int]:
    if sys.platform == "darwin":
        return [_rtmidi.API_MACOSX_CORE]
    if sys.platform == "win32":
        return [_rtmidi.API_WINDOWS_MM]
    # Whoever names a JACK server means it; else ALSA is what hardware hangs on.
    if "JACK_DEFAULT_SERVER" in os.environ or not os.path.exists(_ALSA_SEQUENCER):
        return [_rtmidi.API_UNIX_JACK, _rtmidi.API_LINUX_ALSA]
    return [_rtmidi.API_LINUX_ALSA, _rtmidi.API_UNIX_JACK]
