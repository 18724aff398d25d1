"""The terminal while playing: a live roll where there is a terminal, plain lines where not."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from antiphon.engine.notes import Note

from . import roll

FRAME_NS = 66_000_000
"""Time between two pictures: fifteen a second are enough for eyes and easy on the machine."""
MAX_HEIGHT = 26
ESCAPE = "\x1b"
REST_S = 0.02
"""Time for the rest of an escape sequence to come after its first byte."""

_HOME, _CLEAR_BELOW = "\x1b[H", "\x1b[J"
_SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\x1b])")
"""What arrows, function keys and keys with Alt send."""
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
            _write(text + "\n")

    def due(self, now_ns: int) -> bool:
        """Whether it is time for another picture."""
        return self.live and now_ns - self._drawn_ns >= FRAME_NS

    def draw(
        self,
        now_ns: int,
        parts: Mapping[str, Sequence[Note]],
        tick: int,
        status: str,
        committed: int = 0,
    ) -> None:
        """The roll as it is at `tick`, if it is time for another picture; see `Roll.frame`."""
        if not self.due(now_ns):
            return
        self._drawn_ns = now_ns
        width, height = shutil.get_terminal_size()
        height = min(height - 1, MAX_HEIGHT)
        said = [line.ljust(width) for line in textwrap.wrap(self._said, width)][: height // 4]
        lines = self._roll.frame(parts, tick, width, height - len(said), True, status, committed)
        _write(_HOME + "\n".join([*lines, *said]) + _CLEAR_BELOW)

    def typed(self) -> str:
        """The keys that were pressed, ESCAPE only where it was alone; waits no more than REST_S."""
        if not self.live:
            return ""
        data = _read(0)
        return keys_of(data + _read(REST_S) if data.endswith(b"\x1b") else data)

    def show(self, parts: Mapping[str, Sequence[Note]]) -> None:
        """The whole piece at once."""
        width, _ = shutil.get_terminal_size()
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        _write("\n".join(roll.summary(parts, min(width, 120), 20, colour)) + "\n")


def keys_of(data: bytes) -> str:
    """The keys in what a terminal sent, without arrows and other keys that send more than one."""
    return _SEQUENCE.sub(b"", data).decode(errors="ignore")


@contextlib.contextmanager
def open_screen(headless: bool) -> Iterator[Screen]:
    """A screen for as long as the music lasts; the terminal is left as it was found."""
    live = not headless and sys.stdin.isatty() and sys.stdout.isatty()
    if not live:
        yield Screen(live=False)
        return
    with _raw_keys():
        _write(_ENTER)
        try:
            yield Screen(live=True)
        finally:
            _write(_LEAVE)


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
        with contextlib.suppress(termios.error):  # the terminal may be closed
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _read(timeout_s: float) -> bytes:
    try:
        waiting = select.select([sys.stdin], [], [], timeout_s)[0]
        return os.read(sys.stdin.fileno(), 64) if waiting else b""
    except OSError:  # the terminal was closed
        return b""


def _write(text: str) -> None:
    """Show it to whoever still looks."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        # The terminal is closed, or the reader of a pipe gone; that must not cost the recording.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
