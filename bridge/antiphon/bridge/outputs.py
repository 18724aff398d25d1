"""Everywhere that messages go: the guard's port and the sound card, as one."""

from __future__ import annotations

from contextlib import suppress

from antiphon.engine.errors import AntiphonError

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

    def take_over(self, out: str | None) -> None:
        """If the guard was killed, have another end at port `out` what it left. [may block]

        Who listened at a virtual port, None, has lost it with the guard.
        """
        if out is None or not self._guard.look():
            return
        self._guard.close()
        with suppress(AntiphonError):  # the port may have gone as well
            self._guard = GuardPipe(out)
            self._guard.panic()

    def close(self) -> None:
        """End both, which releases every note. [may block]"""
        self._guard.close()
        if self._sound:
            self._sound.close()
