"""A performance without ports: the real performer and engine, keys through a pipe, all told."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from antiphon.bridge import link, midi, stamped
from antiphon.bridge.config import Settings
from antiphon.bridge.engine_process import EngineProcess
from antiphon.bridge.performer import Order
from antiphon.bridge.performer_process import PerformerProcess

Told = list[link.Message]


class Live:
    """A performer that plays what a test tells it, and writes its journal."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        perform: Callable[[Order], PerformerProcess] = PerformerProcess,
    ) -> None:
        self.engine = EngineProcess()
        self._read_fd, self._fd = os.pipe()
        order = Order(
            self.engine.endpoint,
            settings,
            phrase_fd=self._read_fd,
            sound=False,
            journal=str(folder),
        )
        self.performer = perform(order)
        self.told: Told = []
        try:
            self.wait(lambda: any(isinstance(m, link.EngineIs) for m in self.told))
        except BaseException:
            self.close()
            raise

    def wait(self, until: Callable[[], bool], seconds: float = 15) -> None:
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, "it never came"
            self.told += self.performer.messages(0.02)

    def turned(self, state: str, times: int = 1) -> None:
        """Wait until it was so often somebody's turn."""
        self.wait(lambda: [m.state for m in self.turns].count(state) >= times)

    @property
    def turns(self) -> list[link.Turned]:
        return [m for m in self.told if isinstance(m, link.Turned)]

    def sounded(self, more: int, seconds: float = 15) -> None:
        """Wait until so many more messages of an answer have gone out."""
        wanted = more + len(self.sent)
        self.wait(lambda: len(self.sent) >= wanted, seconds)

    @property
    def sent(self) -> list[link.Sounded]:
        return [m for m in self.told if isinstance(m, link.Sounded)]

    @property
    def ready(self) -> link.Ready:
        return next(m for m in self.told if isinstance(m, link.Ready))

    @property
    def said(self) -> list[str]:
        """Sentences for the player."""
        return [m.text for m in self.told if isinstance(m, link.Troubled)]

    def keys(self, chance: random.Random, chords: int) -> None:
        for _ in range(chords):
            pitches = chance.sample((55, 60, 62, 64, 67, 71, 72), chance.choice((1, 1, 3)))
            for make in (lambda p: midi.note_on(0, p, 80), lambda p: midi.note_off(0, p)):
                self._play(map(make, pitches))
                self.told += self.performer.messages(0)
                time.sleep(0.06)

    def pedal(self) -> None:
        self._play(midi.control(0, midi.SOFT, value) for value in (127, 0))

    def _play(self, messages: Iterable[bytes]) -> None:
        now_ns = time.monotonic_ns()
        os.write(self._fd, b"".join(stamped.arrived(now_ns, message) for message in messages))

    def close(self) -> None:
        self.told += self.performer.close()
        self.engine.close()
        os.close(self._read_fd)
        os.close(self._fd)
