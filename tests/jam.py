"""A stage in real time with the real engine: keys at their time, and all that comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from antiphon.bridge import midi
from antiphon.bridge.actions import Action
from antiphon.bridge.client import Client
from antiphon.bridge.config import Settings
from antiphon.bridge.effects import Plan
from antiphon.bridge.engine_process import EngineProcess
from antiphon.bridge.session import Session
from antiphon.bridge.stage import Stage
from antiphon.bridge.timeline import Timeline
from antiphon.engine.protocol import Error
from witness import SilentWitness

MS = 1_000_000
PATIENCE_NS = 20_000 * MS


class Room(SilentWitness):
    """Keys that are struck at their time, and everything that comes of it."""

    def __init__(self) -> None:
        self._keys: list[tuple[int, bytes]] = []
        self.struck_ns: list[int] = []
        """When each chord really was struck."""
        self.plans: list[tuple[int, Plan]] = []
        """(when it was known, what was planned)."""
        self.began: set[tuple[int, int, int]] = set()
        """(wanted ns, channel, key) of the notes that sounded."""
        self.balance: dict[tuple[int, int], int] = {}
        """Note-ons without a note-off, by channel and key."""

    def receive(self) -> bytes | None:
        if not self._keys or self._keys[0][0] > time.monotonic_ns():
            return None
        return self._keys.pop(0)[1]

    def send(self, message: bytes) -> None:
        kind, key = midi.kind(message), (midi.channel(message), message[1])
        if kind == midi.NOTE_ON:
            self.balance[key] = self.balance.get(key, 0) + 1
        elif kind == midi.NOTE_OFF:
            self.balance[key] = self.balance.get(key, 0) - 1

    def played(self, now_ns: int, message: bytes) -> None:
        if midi.kind(message) == midi.NOTE_ON:
            self.struck_ns.append(now_ns)

    def planned(self, plan: Plan) -> None:
        self.plans.append((time.monotonic_ns(), plan))

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        if midi.kind(message) == midi.NOTE_ON:
            self.began.add((wanted_ns, midi.channel(message), message[1]))

    def troubled(self, now_ns: int, error: Error) -> None:
        raise AssertionError(error.text)

    def play(self, message: bytes, at_ns: int = 0) -> None:
        """The player sends this at a time, else now."""
        self._keys.append((at_ns, message))


class Jam:
    """A room with an engine in it."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self.room = Room()
        timeline = Timeline.at(settings.tempo_bpm, time.monotonic_ns())
        self.stage = Stage(Session(settings, timeline), self.room, self.room, client, self.room)
        self.stage.turn(time.monotonic_ns())  # it opens its session

    def act(self, action: Action) -> None:
        """Do something by hand."""
        self.stage.act(time.monotonic_ns(), action)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        until_ns = time.monotonic_ns() + round(seconds * 1e9)
        self.until(lambda: time.monotonic_ns() >= until_ns)

    def until(self, there: Callable[[], bool]) -> None:
        """Let time pass until something is there."""
        began_ns = time.monotonic_ns()
        while not there():
            assert time.monotonic_ns() < began_ns + PATIENCE_NS, "it does not come"
            self.stage.turn(time.monotonic_ns())
            time.sleep(0.0005)

    def phrase(self, *pitches: int) -> None:
        """Play keys, a fifth of a second each, and hand over."""
        for pitch in pitches:
            self.room.play(midi.note_on(0, pitch, 80))
            self.run(0.18)
            self.room.play(midi.note_off(0, pitch))
            self.run(0.02)


@contextmanager
def jam(settings: Settings) -> Iterator[Jam]:
    """Somebody to play with, for as long as it lasts."""
    engine = EngineProcess()
    client = Client(engine.endpoint, "jam")
    try:
        while not client.present:
            client.poll(time.monotonic_ns())
            client.wait(10)
        yield Jam(settings, client)
    finally:
        client.close()
        engine.close()
