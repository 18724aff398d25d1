"""The process that does MIDI in, the schedule and MIDI out, and nothing else.

`python -m antiphon.bridge.performer ORDER`, where ORDER is JSON of `Order`. It listens on a port
or a pipe, talks with the engine, plays through the guard, and tells what happened on standard
output and to the recorder. Commands come as single bytes on standard input; when that closes, it
ends.

    loop, about every millisecond:  what is due → keys → thru → session → engine → session
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from antiphon.engine.errors import AntiphonError, MachineError, UserError
from antiphon.engine.protocol import Error

from . import inputs, journal, link, midi
from .client import Client
from .clock import SystemClock
from .config import Settings
from .effects import Plan, Turned
from .guard_pipe import GuardPipe
from .hand import PANIC, QUIT, Hands, obey
from .keybed import Mapping
from .loopback import Loopback, alike
from .outputs import Outputs
from .pipe_input import PipeInput
from .port_process import real_time
from .receiver_pipe import ReceiverPipe
from .recorder_process import RecorderProcess
from .session import Session
from .sound_pipe import SoundPipe
from .stage import Stage
from .timekeeper import Timekeeper, beginning
from .timeline import Timeline
from .traced_engine import TracedEngine

STEP_NS = 1_000_000
"""Longest sleep: the most a key can wait to be noticed."""
PRIORITY = 20
"""SCHED_FIFO priority asked for."""
BEGINS_IN_NS = 50_000_000
"""How long after its beginning is fixed the song begins: the recorder and the rest need 20 to 25 ms
to be there. Nobody is told to play before."""
LONG_PIPE = 2**20
LOOP_NS = 250_000_000
"""How long what we sent may take to come back: a machine that is busy holds it up."""
PROBE, PROBES, PROBE_NS = 119, 5, 30_000_000
"""A controller that nobody has defined, sent so often and waited for so long."""

Source = ReceiverPipe | PipeInput

REFUSALS = ("refused", "malformed")
"""Errors of the engine that asking again does not mend."""


class Order(Struct, frozen=True):
    """What a performer is to do."""

    endpoint: str
    """Where the engine listens."""
    settings: Settings
    sources: tuple[str, ...] = ("virtual",)
    """Inputs, as `inputs.py` reads them."""
    phrase_fd: int | None = None
    """Listen to this pipe instead of a port: frames of `stamped` come down it."""
    out: str | None = None
    """Part of the output port's name; None makes a virtual port."""
    loop: bool | None = None
    """Whether what goes out comes back in; None: found out where both ports bear one name."""
    sound: bool = True
    """Sound through the audio device as well."""
    journal: str | None = None
    """Folder that the session is recorded in; None records nothing."""
    bundle: str | None = None
    """Folder of the engine's model, for the journal; None is the one that is shipped."""
    fingerprint: str = ""
    """Of that model, for the journal."""
    title: str = ""
    """Name of the piece, for the journal."""


class Report:
    """Tells standard output what happened, and the recorder; drops rather than waits. [loop]"""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.untold = 0
        self.heed: Callable[[int, bytes], None] | None = None
        """Who else is told at once what is played, and when it was."""
        self._recorder: RecorderProcess | None = None
        self._recorded = 0
        os.set_blocking(fd, False)
        with contextlib.suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, LONG_PIPE)

    def record(self, recorder: RecorderProcess) -> None:
        """From now on `recorder` is told everything too."""
        self._recorder, self._recorded = recorder, recorder.written

    def tell(self, message: link.Message) -> None:
        """One message, if there is room for it."""
        body = journal.body(message)
        if self._recorder:
            self._recorder.write(body)
        self._say(link.framed(body))

    def note(self, event: journal.Event) -> None:
        """Something that only the journal wants to know."""
        if self._recorder:
            self._recorder.event(event)

    def turned_loop(self, now_ns: int, next_ns: int | None, *, asked: bool) -> None:
        """The loop was turned at `now_ns`, and the engine asked for something or not."""
        if self._recorder is None:
            return
        if asked or self._recorder.written != self._recorded:
            self._recorder.event(journal.Turn(now_ns))
            self._recorded = self._recorder.written
        for text in self._recorder.push(now_ns, next_ns):
            self._say(link.encode(link.Troubled(text)))

    def close(self) -> None:
        """Have the recorder end. [may block]"""
        for text in self._recorder.close() if self._recorder else ():
            self._say(link.encode(link.Troubled(text)))
        self._recorder = None

    def _say(self, framed: bytes) -> None:
        try:
            os.write(self._fd, framed)
        except (BlockingIOError, BrokenPipeError):
            self.untold += 1

    def played(self, now_ns: int, message: bytes) -> None:
        """The player did this."""
        self.tell(link.Played(now_ns, message))
        if self.heed:
            self.heed(now_ns, message)

    def planned(self, plan: Plan) -> None:
        """A note of the answer is known."""
        self.tell(link.Planned(plan.note, plan.channel, plan.generation))

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        """A message of the answer went out."""
        self.tell(link.Sounded(wanted_ns, done_ns, message))

    def turned(self, now_ns: int, turned: Turned) -> None:
        """It is someone else's turn."""
        self.tell(link.Turned(now_ns, turned.due_ns, turned.state.value))

    def released(self, now_ns: int) -> None:
        """What was planned will not sound."""
        self.tell(link.Released(now_ns))

    def recalled(self, from_ns: int) -> None:
        """What was planned to begin at a time or later will not sound."""
        self.tell(link.Recalled(from_ns))

    def retimed(self, now_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on."""
        line = timeline.ns_per_beat, timeline.tick_origin, timeline.time_origin_ns
        self.tell(link.Retimed(now_ns, *line))

    def said(self, now_ns: int, text: str) -> None:
        """The player is told a sentence."""
        self.tell(link.Troubled(text))

    def troubled(self, now_ns: int, error: Error) -> None:
        """The engine could not do what it was asked for; what it refuses, it will always refuse."""
        refused = UserError.exit_code if error.code in REFUSALS else None
        self.tell(link.Troubled(error.text, refused))


def perform(order: Order, report: Report) -> None:
    """Play until told to stop. Blocks."""
    clock = SystemClock()
    source = _open_source(order)
    guard = GuardPipe(order.out)
    loop = _open_loop(order, source, guard)
    sound, why_no_sound = _open_sound(order.sound)
    client = Client(order.endpoint, "performer")
    began_ns = clock.now_ns() + BEGINS_IN_NS
    timeline = beginning(order.settings, began_ns)
    if order.journal:
        report.record(_recorder(order, order.journal, timeline))
    outputs = Outputs(guard, sound, loop, thru=loop is None)
    engine = TracedEngine(client, report.tell, report.note)
    hands = Hands(source, dict(order.settings.bound))
    session, latency = Session(order.settings, timeline), order.settings.latency

    def dated(now_ns: int) -> int:
        return latency.played_ns(min(source.arrived_ns, now_ns))

    stage = Stage(session, hands, outputs, engine, report, thru=outputs.thru, dated=dated)
    time = Timekeeper(order.settings, timeline, began_ns, outputs.send, outputs.to_port)
    report.heed = time.hear
    parts = Parts(stage, source, hands, engine, guard, outputs, report, time)
    _collect_no_garbage()
    clock.doze_until(began_ns - STEP_NS)
    report.tell(
        link.Ready(
            origin_ns=timeline.time_origin_ns,
            source=source.name,
            port=guard.ready.port,
            why_no_port=guard.ready.why,
            sound=sound.ready.device if sound else None,
            why_no_sound=why_no_sound,
            realtime=real_time(PRIORITY),
        )
    )
    if loop:
        report.tell(link.Troubled(f"What goes out comes back on {source.name}: it is not heard."))
    try:
        _loop(parts, clock)
    finally:
        if order.out is not None and guard.look():  # at a virtual port nobody is left to hear it
            outputs.replace_guard()
        stage.silence(clock.now_ns())
        time.silence(clock.now_ns())
        outputs.close()
        time.close()
        client.close()
        source.close()
        report.tell(_farewell(stage, report))
        report.close()


def _recorder(order: Order, folder: str, timeline: Timeline) -> RecorderProcess:
    began = journal.Began(
        version=journal.VERSION,
        at=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        origin_ns=timeline.time_origin_ns,
        settings=order.settings,
        bundle=order.bundle,
        fingerprint=order.fingerprint,
        title=order.title,
    )
    return RecorderProcess(Path(folder), began)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a turn of the loop has to do with."""

    stage: Stage
    source: Source
    hands: Hands
    engine: TracedEngine
    guard: GuardPipe
    outputs: Outputs
    report: Report
    time: Timekeeper


def _collect_no_garbage() -> None:
    gc.collect()
    gc.freeze()
    gc.disable()


def _loop(parts: Parts, clock: SystemClock) -> None:
    ended = False
    while not ended:
        now_ns = clock.now_ns()
        parts.engine.asked = False
        parts.stage.sound(now_ns)
        parts.time.keep(now_ns, parts.source, parts.stage)
        parts.stage.turn(now_ns)
        _look(parts, now_ns)
        for command in (*_commands(), *parts.hands.commands(), *parts.time.commands()):
            _obey(parts, command, now_ns)
            ended = ended or command == QUIT
        next_ns = _next_ns(parts)
        parts.report.turned_loop(now_ns, next_ns, asked=parts.engine.asked)
        if next_ns is not None and next_ns <= now_ns + STEP_NS:
            clock.sleep_until(next_ns)
        else:
            _doze(parts.source, clock, now_ns + STEP_NS)


def _next_ns(parts: Parts) -> int | None:
    """When the next turn has something to do, if nothing comes before."""
    times = parts.stage.next_ns(), parts.time.next_ns(parts.stage.session.timeline)
    return min((ns for ns in times if ns is not None), default=None)


def _look(parts: Parts, now_ns: int) -> None:
    """Whether everyone is still there; MachineError if not. Ports may come and go."""
    if parts.guard.look():
        raise MachineError("The MIDI guard ended, so nothing would sound any more.")
    if parts.source.lost:
        raise MachineError("The MIDI receiver ended, so nothing would be heard any more.")
    news = (*parts.source.news(), *parts.guard.news(), *parts.time.news())
    for text in (*news, *parts.hands.news(now_ns)):
        parts.report.tell(link.Troubled(text))
    for action, text in parts.hands.learnt():
        parts.report.tell(link.Learnt(action, text))


def _obey(parts: Parts, command: bytes, now_ns: int) -> None:
    if parts.hands.learn(command):
        return
    parts.report.note(journal.ByHand(command))
    obey(command, parts.stage, now_ns)
    if command == PANIC:
        parts.outputs.panic()


def _doze(source: Source, clock: SystemClock, until_ns: int) -> None:
    """Wait for a key, but no longer than this."""
    if isinstance(source, PipeInput) and source.ended:  # it would seem to be readable for ever
        clock.doze_until(until_ns)
    else:
        select.select([source], [], [], max(0, until_ns - clock.now_ns()) / 1e9)


def _commands() -> list[bytes]:
    try:
        data = os.read(0, 16)
    except BlockingIOError:
        return []
    return [data[i : i + 1] for i in range(len(data))] if data else [QUIT]


def _open_source(order: Order) -> Source:
    return ReceiverPipe(order.sources) if order.phrase_fd is None else PipeInput(order.phrase_fd)


def _open_loop(order: Order, source: Source, guard: GuardPipe) -> Loopback | None:
    """What knows our own messages, where they come back; else None. [may block]

    Raises UserError if they come back as something else.
    """
    if isinstance(source, PipeInput) or guard.ready.port is None or order.loop is False:
        return None
    loop, port = Loopback(LOOP_NS), guard.ready.port
    might = any(alike(name, port) for name in source.ports)
    if not order.loop and not (might and _comes_back(source, guard, loop)):
        return None
    if any(inputs.parse(text).mapping != Mapping() for text in order.sources):
        raise UserError("What goes out comes back in here (a loop): then inputs take no rules.")
    source.ours = loop
    return loop


def _comes_back(source: ReceiverPipe, guard: GuardPipe, loop: Loopback) -> bool:
    """Whether what is sent comes back; what does later is known to `loop`. [may block]"""
    clock = SystemClock()
    for number in range(PROBES):
        probe = midi.control(15, PROBE, number)
        loop.sent(clock.now_ns(), probe)
        guard.send(probe)
        until_ns = clock.now_ns() + PROBE_NS
        while clock.now_ns() < until_ns:
            select.select([source], [], [], max(0, until_ns - clock.now_ns()) / 1e9)
            for message in iter(source.receive, None):
                if midi.kind(message) == midi.CONTROL and message[1] == PROBE:
                    loop.swallows(clock.now_ns(), message)
                    return True
    return False


def _open_sound(wanted: bool) -> tuple[SoundPipe | None, str]:
    if not wanted:
        return None, "It was not asked for."
    try:
        return SoundPipe(), ""
    except AntiphonError as error:
        return None, str(error)


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
