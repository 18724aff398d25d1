"""The terminal while playing: a live roll where there is a terminal, plain lines where not."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from antiphon.engine.notes import Note

from . import roll

FRAME_NS = 66_000_000
"""Time between two pictures: fifteen a second are enough for eyes and easy on the machine."""
MAX_HEIGHT = 26

_HOME, _CLEAR_BELOW = "\x1b[H", "\x1b[J"
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


class Screen:
    """Where a player looks. Made with `open_screen`."""

    def __init__(self, live: bool) -> None:
        self.live = live
        """Whether the roll moves; else `say` prints lines."""
        self._roll = roll.Roll()
        self._drawn_ns = 0
        self._said = ""

    def say(self, text: str) -> None:
        """A line for the player: printed, or shown under the live roll."""
        self._said = text
        if not self.live:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def draw(
        self, now_ns: int, parts: Mapping[str, Sequence[Note]], tick: int, status: str
    ) -> None:
        """The roll as it is at `tick`, if it is time for another picture."""
        if not self.live or now_ns - self._drawn_ns < FRAME_NS:
            return
        self._drawn_ns = now_ns
        width, height = shutil.get_terminal_size()
        below = f"{status}   {self._said}" if self._said else status
        lines = self._roll.frame(parts, tick, width, min(height - 1, MAX_HEIGHT), True, below)
        sys.stdout.write(_HOME + "\n".join(lines) + _CLEAR_BELOW)
        sys.stdout.flush()

    def key(self) -> str:
        """A key that was pressed, or nothing; never waits."""
        if not self.live or not select.select([sys.stdin], [], [], 0)[0]:
            return ""
        return os.read(sys.stdin.fileno(), 1).decode(errors="ignore")

    def show(self, parts: Mapping[str, Sequence[Note]]) -> None:
        """The whole piece at once."""
        width, _ = shutil.get_terminal_size()
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        for line in roll.summary(parts, min(width, 120), 20, colour):
            sys.stdout.write(line + "\n")


@contextlib.contextmanager
def open_screen(headless: bool) -> Iterator[Screen]:
    """A screen for as long as the music lasts; the terminal is left as it was found."""
    live = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    if not live:
        yield Screen(live=False)
        return
    with _raw_keys():
        sys.stdout.write(_ENTER)
        try:
            yield Screen(live=True)
        finally:
            sys.stdout.write(_LEAVE)
            sys.stdout.flush()


@contextlib.contextmanager
def _raw_keys() -> Iterator[None]:
    """Keys come one by one and are not echoed."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield
        return
    before: list[Any] = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
