"""The JACK standalones as processes of their own: real engine, a keyboard and an ear of ours.

Keyboard and ear are a process too, `test_plugin_jack.py NAME`: where another client of JACK goes
away, rtmidi may break as it lets go of its own ports.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from antiphon.bridge import midi, ports
from engines import EngineProcess
from studio import Message, balance, plugins

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("jack")]

PHRASE = (
    midi.note_on(0, 60, 90),
    midi.note_on(0, 64, 90),
    midi.note_off(0, 60),
    midi.note_on(0, 67, 90),
    midi.note_off(0, 64),
    midi.note_off(0, 67),
)
"""Each key until the next is down, so that no load makes a pause between them."""
KEY_S = 0.05
BANK_SELECT = midi.control(0, 0, 0)
"""What keyboards send with a sound of theirs: it goes through and changes nothing."""
IN, OUT = "events-in", "midi-out"
PATIENCE_S = 20.0
TRIES = 3


class Standalone:
    """A running standalone, played and heard through JACK."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.heard: list[Message] = []
        self._process = process
        _await(lambda: process.poll() is not None or _there())
        self._keys, self._ear = ports.open_output(IN), ports.open_input(OUT)
        self.until(self._connected)

    def play(self) -> None:
        """Play the phrase, and hear all of it go through."""
        begin = len(self.heard)
        for message in PHRASE:
            self._keys.send(message)
            self._listen(KEY_S)
        self.until(lambda: contains(self.heard[begin:], PHRASE))

    def until(self, there: Callable[[], object]) -> None:
        """Hear message after message until something is so."""

        def heard_and_there() -> object:
            if there():
                return True
            while message := self._ear.receive():
                self.heard.append(Message(0, *message))
                if there():
                    return True
            return False

        _await(heard_and_there, self.heard)

    def converse(self) -> None:
        """Play until an answer sounds: a busy machine may have one too late to sound at all."""
        for _ in range(TRIES):
            self.play()
            if self._sounds_within(PATIENCE_S / TRIES):
                return
        pytest.fail(f"no answer: {self.heard[-20:]}")

    def sounding(self) -> bool:
        """Whether a key is down."""
        return bool(balance(self.heard))

    def end(self) -> None:
        """End it as Ctrl-C does, and hear its last words."""
        self._process.send_signal(signal.SIGINT)
        assert self._process.wait(PATIENCE_S) == 0
        self.until(lambda: not self.sounding())

    def _listen(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= end)

    def _sounds_within(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        self.until(lambda: self.sounding() or time.monotonic() >= end)
        return self.sounding()

    def _connected(self) -> bool:
        # JACK makes connections when it comes to it; until then what is sent is lost.
        self._keys.send(BANK_SELECT)
        return bool(self.heard)


@pytest.mark.parametrize("name", ["antiphon-effect", "antiphon-instrument"])
def test_it_answers_and_no_note_outlasts_a_key_or_the_engine(name: str) -> None:
    plugins()
    command = [sys.executable, __file__, name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)

    assert done.returncode == 0, done.stderr


def conversation(name: str) -> None:
    """With one standalone, from its start to its end."""
    with EngineProcess() as engine, standalone(name, engine.port) as player:
        player.converse()
        player.play()
        assert not player.sounding(), "the player's key did not end the answer"
        player.converse()
        engine.kill()
        player.until(lambda: not player.sounding())
        engine.start()
        player.converse()
        player.end()


@contextmanager
def standalone(name: str, port: int) -> Iterator[Standalone]:
    """Start a standalone that looks for its engine on a port."""
    process = subprocess.Popen([plugins() / name], env=os.environ | {"ANTIPHON_PORT": str(port)})
    try:
        yield Standalone(process)
    finally:
        process.kill()
        process.wait()


def contains(heard: list[Message], phrase: Iterable[bytes]) -> bool:
    """Whether a phrase came out in its order, whatever came in between."""
    rest = iter(heard)
    return all(Message(0, *message) in rest for message in phrase)


def _there() -> bool:
    names = ports.list_outputs(), ports.list_inputs()
    return all(any(own in one for one in n) for own, n in zip((IN, OUT), names, strict=True))


def _await(there: Callable[[], object], heard: Sequence[Message] = ()) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < end, f"it does not come: {heard[-20:]}"
        time.sleep(0.002)


if __name__ == "__main__":
    conversation(sys.argv[1])
    os._exit(0)  # without letting go of the ports
