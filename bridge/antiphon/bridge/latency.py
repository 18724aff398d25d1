"""How fast the answer comes: phrases are played into the real path and the reply is timed.

Through real ports where there is a MIDI system: a keyboard's end and a synthesiser's end of our
own, outside the performer. Where there is none, through pipes, and it says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from operator import eq
from pathlib import Path
from typing import Protocol

from antiphon.engine.errors import MachineError, NoMidiSystem, UserError

from . import link, midi, stamped
from .clock import SystemClock
from .config import Settings
from .engine_process import EngineProcess
from .performer import Order
from .performer_process import PerformerProcess
from .ports import (
    VIRTUAL_IN,
    VIRTUAL_OUT,
    InputPort,
    OutputPort,
    open_input,
    open_output,
)

PHRASE = (60, 62, 64, 67, 64, 62)
STEP_NS = 60_000_000
PATIENCE_NS = 3_000_000_000
PLAYER_CHANNEL = 0
UNDEFINED = 119
"""A controller that means nothing to anybody."""
CABLE_NS = 200_000_000
"""How long a message is waited for that comes back through a cable."""
ODD_NS = 137_000
"""So much later each of them, so that they do not keep step with anybody's periods."""


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured, all in nanoseconds."""

    through: str
    """"ports" or "pipes"."""
    answers_ns: tuple[int, ...]
    """From the pedal that hands over to the first note of the answer, one a round."""
    thru_ns: tuple[int, ...]
    """From a key to the same note at the output; empty through pipes."""
    missed: int
    """Rounds in which no answer came."""
    realtime: bool
    farewell: link.Farewell | None


class FarSide(Protocol):
    """The player's hands and ears."""

    def play(self, message: bytes) -> None:
        """Send a message as a keyboard would."""

    def hear(self) -> tuple[int, bytes] | None:
        """The next message that came out, and when."""


def measure(rounds: int, bundle: Path | None, tell: Callable[[str], None]) -> Latency:
    """Play `rounds` phrases and time the answers. Blocks about a second each."""
    with ExitStack() as stack:
        engine = EngineProcess(bundle)
        stack.callback(engine.close)
        far, performer, ready, through = stack.enter_context(_path(engine.endpoint))
        thru: list[int] = []
        answers: list[int] = []
        clock = SystemClock()
        for n in range(rounds):
            answer_ns = measure_round(far, thru, clock)
            answers += [answer_ns] if answer_ns is not None else []
            if n % 5 == 4:
                tell(f"measured {n + 1} of {rounds} phrases")
        farewell = next((m for m in performer.close() if isinstance(m, link.Farewell)), None)
    missed = rounds - len(answers)
    return Latency(through, tuple(answers), tuple(thru), missed, ready.realtime, farewell)


def through_cable(out: str, source: str, times: int = 50) -> tuple[int, ...]:
    """Nanoseconds that messages take out of one port and, through a cable, in at another.

    Raises PortNotFound, NoMidiSystem, and UserError where nothing comes back. [may block]
    """
    clock, keys, ears = SystemClock(), open_output(out), open_input(source)
    try:
        clock.doze_until(clock.now_ns() + CABLE_NS)
        took = [_there_and_back(keys, ears, n) for n in range(times)]
    finally:
        keys.close()
        ears.close()
    if not (came := tuple(ns for ns in took if ns is not None)):
        raise UserError(f"Nothing came back from {out!r} to {source!r}: is there a cable?")
    return came


def _there_and_back(keys: OutputPort, ears: InputPort, number: int) -> int | None:
    """How long one message takes, None if it does not come back."""
    clock, message = SystemClock(), midi.control(15, UNDEFINED, number % 128)
    sent_ns = clock.now_ns()
    keys.send(message)
    while (now_ns := clock.now_ns()) < sent_ns + CABLE_NS:
        if ears.receive() == message:
            clock.sleep_until(now_ns + STEP_NS // 10 + number * ODD_NS % STEP_NS)
            return now_ns - sent_ns
        clock.doze_until(now_ns + 200_000)
    return None


def measure_round(far: FarSide, thru: list[int], clock: SystemClock) -> int | None:
    """One phrase, its answer, and the pedal that stops it: nanoseconds to the first answered note,
    None if none came. What each key took is added to `thru`, but for those not heard in time.
    [may block]
    """
    for number, pitch in enumerate(PHRASE):
        strike = midi.note_on(PLAYER_CHANNEL, pitch, 80 + number)  # no two are alike
        struck_ns = clock.now_ns()
        far.play(strike)
        heard_ns = _heard(far, partial(eq, strike), struck_ns + STEP_NS // 2, clock)
        thru += [heard_ns - struck_ns] if heard_ns is not None else []
        clock.sleep_until(struck_ns + STEP_NS // 2)
        far.play(midi.note_off(PLAYER_CHANNEL, pitch))
        clock.sleep_until(struck_ns + STEP_NS)
    asked_ns = clock.now_ns()
    _press(far)
    answered_ns = _heard(far, _is_answer, asked_ns + PATIENCE_NS, clock)
    _press(far)
    clock.doze_until(clock.now_ns() + 10 * STEP_NS)
    while far.hear():
        pass
    return answered_ns - asked_ns if answered_ns is not None else None


def _press(far: FarSide) -> None:
    for value in (127, 0):
        far.play(midi.control(PLAYER_CHANNEL, midi.SOFT, value))


def _heard(
    far: FarSide, wanted: Callable[[bytes], bool], until_ns: int, clock: SystemClock
) -> int | None:
    """When a message that is wanted came out, None if none did; what is not is passed over."""
    while clock.now_ns() < until_ns:
        heard = far.hear()
        if heard is None:
            clock.doze_until(clock.now_ns() + 200_000)
        elif wanted(heard[1]):
            return heard[0]
    return None


def _is_answer(message: bytes) -> bool:
    return midi.kind(message) == midi.NOTE_ON and midi.channel(message) != PLAYER_CHANNEL


class Ports:
    """Both ends at Antiphon's virtual ports."""

    def __init__(self) -> None:
        self._keys, self._ears = open_output(VIRTUAL_IN), open_input(VIRTUAL_OUT)
        self._clock = SystemClock()

    def play(self, message: bytes) -> None:
        """Send a message as a keyboard would."""
        self._keys.send(message)

    def hear(self) -> tuple[int, bytes] | None:
        """The next message that came out; polled, so stamped when it is asked for."""
        message = self._ears.receive()
        return (self._clock.now_ns(), message) if message else None

    def close(self) -> None:
        """Let go of both ports."""
        self._keys.close()
        self._ears.close()


class Pipes:
    """A pipe in the keyboard's place, and the performer's word for what went out."""

    def __init__(self, fd: int, performer: PerformerProcess) -> None:
        self._fd, self._performer = fd, performer
        self._clock = SystemClock()
        self._sounded: list[link.Sounded] = []

    def play(self, message: bytes) -> None:
        """Send a message as a keyboard would."""
        os.write(self._fd, stamped.arrived(self._clock.now_ns(), message))

    def hear(self) -> tuple[int, bytes] | None:
        """The next message of the answer that was given to the guard, and when."""
        if not self._sounded:
            told = self._performer.messages(0)
            self._sounded += [m for m in told if isinstance(m, link.Sounded)]
        if not self._sounded:
            return None
        first = self._sounded.pop(0)
        return first.done_ns, first.message


@contextmanager
def _path(endpoint: str) -> Iterator[tuple[FarSide, PerformerProcess, link.Ready, str]]:
    """A performer that waits for keys, the far side of it, and what connects them."""
    settings = Settings(takes_turns=False)
    if _has_midi():
        performer = PerformerProcess(Order(endpoint, settings, sound=False))
        ready = _until_ready(performer)
        far = Ports()
        try:
            yield far, performer, ready, "ports"
        finally:
            far.close()
            performer.close()
        return
    read_fd, write_fd = os.pipe()
    performer = PerformerProcess(Order(endpoint, settings, phrase_fd=read_fd, sound=False))
    try:
        yield Pipes(write_fd, performer), performer, _until_ready(performer), "pipes"
    finally:
        performer.close()
        os.close(read_fd)
        os.close(write_fd)


def _has_midi() -> bool:
    try:
        open_output(None).close()
    except NoMidiSystem:
        return False
    return True


def _until_ready(performer: PerformerProcess) -> link.Ready:
    """Wait until its ports are open and the engine has greeted it. [may block]"""
    clock = SystemClock()
    ready: link.Ready | None = None
    deadline_ns = clock.now_ns() + 5 * PATIENCE_NS
    while clock.now_ns() < deadline_ns and performer.alive:
        for message in performer.messages(0.05):
            if isinstance(message, link.Ready):
                ready = message
            if isinstance(message, link.EngineIs) and ready:
                return ready
            if isinstance(message, link.Troubled):
                raise MachineError(message.text)
    raise MachineError("The performer did not start.")
