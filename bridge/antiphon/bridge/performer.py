"""The process that does MIDI in, the schedule and MIDI out, and nothing else.

`python -m antiphon.bridge.performer ORDER`, where ORDER is JSON of `Order`. It listens on a port
or a pipe, talks with the engine, plays through the guard, and tells what happened on standard
output. Commands come as single bytes on standard input; when that closes, it ends.

    loop, about every millisecond:  keys → thru → session → engine → session → what is due
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys

import msgspec
from msgspec import Struct

from antiphon.engine.errors import AntiphonError, MachineError, UserError
from antiphon.engine.protocol import Error

from . import link
from .client import Client
from .clock import SystemClock
from .config import Settings
from .guard_pipe import GuardPipe
from .pipe_input import PipeInput
from .ports import Input, open_input
from .session import Plan, Session, Turned
from .sound_pipe import SoundPipe
from .stage import Stage
from .timeline import Timeline

STEP_NS = 1_000_000
"""Longest sleep: the most a key can wait to be noticed."""
PRIORITY = 20
"""SCHED_FIFO priority asked for."""
LONG_PIPE = 2**20

QUIT, HANDOVER, PANIC, SILENCE = b"q", b"h", b"p", b"s"
"""Commands on standard input."""

REFUSALS = ("refused", "malformed")
"""Errors of the engine that asking again does not mend."""


class Order(Struct, frozen=True):
    """What a performer is to do."""

    endpoint: str
    """Where the engine listens."""
    settings: Settings
    source: str | None = None
    """Part of the input port's name; None makes a virtual port."""
    phrase_fd: int | None = None
    """Listen to this pipe instead of a port."""
    out: str | None = None
    """Part of the output port's name; None makes a virtual port."""
    sound: bool = True
    """Sound through the audio device as well."""


class Report:
    """Tells standard output what happened; drops rather than waits. [loop]"""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.untold = 0
        self._due_ns = 0
        os.set_blocking(fd, False)
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, LONG_PIPE)

    def tell(self, message: link.Message) -> None:
        """One message, if there is room for it."""
        try:
            os.write(self._fd, link.encode(message))
        except (BlockingIOError, BrokenPipeError):
            self.untold += 1

    def played(self, now_ns: int, message: bytes) -> None:
        """The player did this."""
        self.tell(link.Played(now_ns, message))

    def planned(self, plan: Plan) -> None:
        """A note of the answer is known."""
        self.tell(link.Planned(plan.note, plan.channel))

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        """A message of the answer went out."""
        self.tell(link.Sounded(wanted_ns, done_ns, message))

    def turned(self, now_ns: int, turned: Turned) -> None:
        """It is someone else's turn."""
        self.tell(link.Turned(now_ns, turned.due_ns, turned.state.value))

    def released(self, now_ns: int) -> None:
        """What was planned will not sound."""
        self.tell(link.Released(now_ns))

    def troubled(self, now_ns: int, error: Error) -> None:
        """The engine could not do what it was asked for; what it refuses, it will always refuse."""
        refused = UserError.exit_code if error.code in REFUSALS else None
        self.tell(link.Troubled(error.text, refused))


class Outputs:
    """The guard's port and the sound card, as one. [loop]"""

    def __init__(self, guard: GuardPipe, sound: SoundPipe | None) -> None:
        self._guard, self._sound = guard, sound

    def send(self, message: bytes) -> None:
        """To both; neither can make it wait."""
        self._guard.send(message)
        if self._sound:
            self._sound.send(message)

    def close(self) -> None:
        """End both, which releases every note. [may block]"""
        self._guard.close()
        if self._sound:
            self._sound.close()


def perform(order: Order, report: Report) -> None:
    """Play until told to stop. Blocks."""
    clock = SystemClock()
    source = _open_source(order)
    guard = GuardPipe(order.out)
    sound, why_no_sound = _open_sound(order.sound)
    client = Client(order.endpoint, "performer")
    timeline = Timeline.at(order.settings.tempo_bpm, clock.now_ns())
    outputs = Outputs(guard, sound)
    stage = Stage(Session(order.settings, timeline), source, outputs, client, report)
    report.tell(
        link.Ready(
            origin_ns=timeline.time_origin_ns,
            source=source.name,
            port=guard.ready.port,
            why_no_port=guard.ready.why,
            sound=sound.ready.device if sound else None,
            why_no_sound=why_no_sound,
            realtime=_real_time(),
        )
    )
    try:
        _loop(stage, clock, client, guard, report)
    finally:
        stage.silence(clock.now_ns())
        outputs.close()
        client.close()
        source.close()
        report.tell(_farewell(stage, report))


def _loop(
    stage: Stage, clock: SystemClock, client: Client, guard: GuardPipe, report: Report
) -> None:
    present = False
    gc.collect()
    gc.freeze()
    gc.disable()
    while True:
        now_ns = clock.now_ns()
        stage.turn(now_ns)
        if guard.look():
            raise MachineError("The MIDI guard ended, so nothing would sound any more.")
        if client.present != present:
            present = client.present
            report.tell(link.EngineIs(present, client.welcome.model if client.welcome else ""))
        for command in _commands():
            if command == QUIT:
                return
            _obey(command, stage, guard, now_ns)
        next_ns = stage.next_ns()
        if next_ns is not None and next_ns <= now_ns + STEP_NS:
            clock.sleep_until(next_ns)
        else:
            clock.doze_until(now_ns + STEP_NS)


def _obey(command: bytes, stage: Stage, guard: GuardPipe, now_ns: int) -> None:
    if command == HANDOVER:
        stage.handover(now_ns)
    elif command in (PANIC, SILENCE):
        stage.silence(now_ns)
        if command == PANIC:
            guard.panic()


def _commands() -> list[bytes]:
    try:
        data = os.read(0, 16)
    except BlockingIOError:
        return []
    return [data[i : i + 1] for i in range(len(data))] if data else [QUIT]


def _open_source(order: Order) -> Input:
    return open_input(order.source) if order.phrase_fd is None else PipeInput(order.phrase_fd)


def _open_sound(wanted: bool) -> tuple[SoundPipe | None, str]:
    if not wanted:
        return None, "sound was not asked for"
    try:
        return SoundPipe(), ""
    except AntiphonError as error:
        return None, str(error)


def _real_time() -> bool:
    """Ask for SCHED_FIFO; children do not inherit it. Whether it was granted."""
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(PRIORITY))
    except (AttributeError, OSError):
        return False
    return True


def _farewell(stage: Stage, report: Report) -> link.Farewell:
    late = stage.scheduler.lateness.percentiles()
    return link.Farewell(
        sent=late.total,
        late_p50_us=late.p50_ns // 1000,
        late_p95_us=late.p95_ns // 1000,
        late_p99_us=late.p99_ns // 1000,
        late_max_us=late.max_ns // 1000,
        dropped=stage.scheduler.late + stage.scheduler.refused,
        untold=report.untold,
    )


def main() -> int:
    """Run a performer; returns the exit code."""
    order = msgspec.json.decode(sys.argv[1], type=Order)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.set_blocking(0, False)
    report = Report(1)
    try:
        perform(order, report)
    except AntiphonError as error:
        report.tell(link.Troubled(str(error), error.exit_code))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
