"""Everywhere that messages go: the guard's port and the sound card, as one."""

from __future__ import annotations

from contextlib import suppress

from antiphon.engine.errors import AntiphonError

from . import midi, panic
from .clock import SystemClock
from .guard_pipe import GuardPipe
from .loopback import Loopback
from .sound_pipe import SoundPipe


class Outputs:
    """Both at once. [loop]"""

    def __init__(
        self, guard: GuardPipe, sound: SoundPipe | None, loop: Loopback | None, *, thru: bool
    ) -> None:
        """`loop` is to know what goes out; `thru`: what the player plays is to go out too."""
        self._guard, self._sound, self._loop, self._through = guard, sound, loop, thru
        self._clock = SystemClock()
        self._held: set[panic.Key] = set()
        """Keys that are down at the port, should its guard be killed."""

    def send(self, message: bytes) -> None:
        """To both; neither can make it wait."""
        self.to_port(message)
        if self._sound:
            self._sound.send(message)

    def to_port(self, message: bytes) -> None:
        """To the port only."""
        if self._loop:
            self._loop.sent(self._clock.now_ns(), message)
        self._guard.send(message)
        kind = midi.kind(message)
        if kind == midi.NOTE_ON:
            self._held.add((midi.channel(message), message[1]))
        elif kind == midi.NOTE_OFF:
            self._held.discard((midi.channel(message), message[1]))

    def thru(self, message: bytes) -> None:
        """What the player plays: to both, but to no port where it would come back."""
        if self._through:
            self.send(message)
        elif self._sound:
            self._sound.send(message)

    def panic(self) -> None:
        """Have both silence everything."""
        self._guard.panic()
        if self._sound:
            self._sound.panic()

    def replace_guard(self) -> None:
        """If the guard was killed, have another end what it left sounding. [may block]

        That one takes a moment to start, 10 s at most.
        """
        if self._sound:
            self._sound.release()
        self._guard.close()
        with suppress(AntiphonError, OSError):  # the port may have gone as well
            self._guard = GuardPipe(self._guard.ready.port)
            for message in panic.note_offs(self._held):
                self._guard.send(message)
            self._guard.panic()

    def close(self) -> None:
        """End both, which releases every note. [may block]"""
        self._guard.close()
        if self._sound:
            self._sound.close()
