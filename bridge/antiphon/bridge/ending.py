"""The wish to end: Ctrl-C, SIGTERM and a closed terminal are one, heard between two steps.

A signal interrupts nothing, so what was played is whole when it is written down.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")


class Wish:
    """Whether someone wants it to end."""

    def __init__(self) -> None:
        self.made = False

    def make(self, *_: object) -> None:
        """Want it to end; once more changes nothing. [any thread]"""
        self.made = True

    def heed(self) -> None:
        """Where work can be given up: raises KeyboardInterrupt if it is wanted. [any thread]"""
        if self.made:
            raise KeyboardInterrupt


@contextmanager
def wish_to_end() -> Iterator[Wish]:
    """A wish that the signals make for as long as this lasts. [main thread]"""
    wish = Wish()
    numbers = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    # Whoever started us with a signal ignored, as nohup does, means it.
    heeded = {number: old for number, old in before.items() if old is not signal.SIG_IGN}
    for number in heeded:
        signal.signal(number, wish.make)
    try:
        yield wish
    finally:
        for number, old in heeded.items():
            signal.signal(number, old)
