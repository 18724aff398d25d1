"""`antiphon bounce`: the same stage and session as live, under a clock that jumps.

A file is played into the session in virtual time; time stands still while the engine thinks. The
same file, seed and settings give the same bytes, whatever the machine does meanwhile.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.engine.errors import EngineLost, FileRefused, UserError
from antiphon.engine.notes import TICKS_PER_BEAT
from antiphon.engine.protocol import Error, Reply, Request

from . import midifile, results
from .client import Client
from .clock import ManualClock, SystemClock
from .config import Settings
from .engine_process import EngineProcess
from .phrase_player import messages
from .recording import Recording
from .session import Plan, Session, Turned
from .stage import Stage
from .states import State
from .timeline import Timeline

PATIENCE_NS = 30_000_000_000
"""How long the engine may say nothing before it counts as lost."""
WAIT_MS = 20
FULL_NS = 1_000_000
"""Pause before a full pipe is tried again."""
LOOK_NS = 1_000_000_000
"""How long a pipe is full before we look whether the engine is still there. An engine with much to
read is slow to answer heartbeats: asked sooner, it would count as lost.
"""
MOST_NOTES = 100_000
"""Notes of one answer: here all of it is planned before the first sounds."""


@dataclass(frozen=True, slots=True)
class Bounced:
    """What a bounce brought."""

    piece: results.Piece
    seconds: float
    """Length of the music."""


class Keys:
    """A phrase as an input: each message is there once the clock has reached it."""

    def __init__(
        self, timed: list[tuple[int, bytes]], timeline: Timeline, clock: ManualClock
    ) -> None:
        self._timed = deque((timeline.time_at(tick), message) for tick, message in timed)
        self._clock = clock

    @property
    def next_ns(self) -> int | None:
        """When the next message comes, None when all have."""
        return self._timed[0][0] if self._timed else None

    def receive(self) -> bytes | None:
        """The next message whose time has come."""
        if self._timed and self._timed[0][0] <= self._clock.now_ns():
            return self._timed.popleft()[1]
        return None


class RealTimeEngine:
    """The engine, which lives in real time, for a stage that does not."""

    def __init__(self, client: Client, clock: SystemClock | None = None) -> None:
        self._client = client
        self._clock = clock or SystemClock()
        self._heard_ns = self._clock.now_ns()
        self._read: list[Reply] = []

    @property
    def present(self) -> bool:
        """Whether an engine has greeted us."""
        return self._client.present

    def send(self, request: Request) -> bool:
        """Send, and wait for room if need be: virtual time runs ahead of the engine. [may block]

        EngineLost when the engine is gone, or there is no room for too long.
        """
        began_ns = looked_ns = self._clock.now_ns()
        while not self._client.send(request):
            now_ns = self._clock.now_ns()
            if now_ns - looked_ns >= LOOK_NS:
                looked_ns = now_ns
                self._look(began_ns)
            self._clock.doze_until(now_ns + FULL_NS)
        return True

    def _look(self, began_ns: int) -> None:
        """Whether it makes sense to go on waiting for room; what is read is for the next poll."""
        self._read += self._replies()
        stuck_since_ns = max(began_ns, self._heard_ns)
        if not self.present or self._clock.now_ns() - stuck_since_ns > PATIENCE_NS:
            raise EngineLost("The engine has stopped listening.")

    def renew(self, now_ns: int) -> None:
        """Never needed: `send` waits, and an error ends the bounce."""

    def poll(self, now_ns: int) -> list[Reply]:
        """Replies that have come, by the real clock."""
        read, self._read = self._read, []
        return read + self._replies()

    def _replies(self) -> list[Reply]:
        replies = self._client.poll(self._clock.now_ns())
        if replies:
            self._heard_ns = self._clock.now_ns()
        return replies

    def wait(self) -> None:
        """Wait a little for replies; EngineLost when none has come for too long. [may block]"""
        self._client.wait(WAIT_MS)
        if self._clock.now_ns() - self._heard_ns > PATIENCE_NS:
            raise EngineLost("The engine has stopped answering.")


class Notary:
    """Writes down what happens on the stage."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def played(self, now_ns: int, message: bytes) -> None:
        """The player did this."""
        self._recording.played(now_ns, message)

    def planned(self, plan: Plan) -> None:
        """A note of the answer is known."""
        self._recording.answers_on(plan.channel, plan.note.instrument)

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        """A message of the answer went out."""
        self._recording.sounded(wanted_ns, message)

    def turned(self, now_ns: int, turned: Turned) -> None:
        """It is someone else's turn."""

    def released(self, now_ns: int) -> None:
        """What was planned will not sound."""

    def troubled(self, now_ns: int, error: Error) -> None:
        """The engine could not do what it was asked for: no bounce comes of it."""
        raise UserError(error.text)


class Silence:
    """An output that only the notary hears of."""

    def send(self, message: bytes) -> None:
        """Nothing sounds."""


def bounce(
    source: Path | None,
    settings: Settings,
    minutes: float | None = None,
    bundle: Path | None = None,
) -> Bounced:
    """Play `source` and its answer in virtual time; without a source, music from nothing.

    The answer lasts `minutes` if given, else as `settings` say.

    Raises FileRefused if the source cannot be read, EngineLost if the engine fails. Blocks.
    """
    phrase = midifile.read(source) if source else None
    if phrase:
        settings = replace(settings, bpm=phrase.tempo_bpm, metre=phrase.metre)
    if minutes is not None:
        settings = replace(settings, answer_beats=max(1, round(minutes * settings.tempo_bpm)))
    engine = EngineProcess(bundle)
    client = Client(engine.endpoint, "bounce")
    try:
        return _bounced(phrase, settings, RealTimeEngine(client))
    finally:
        client.close()
        engine.close()


def _bounced(
    phrase: midifile.Phrase | None,
    settings: Settings,
    engine: RealTimeEngine,
) -> Bounced:
    clock, timeline = ManualClock(), Timeline.at(settings.tempo_bpm, 0)
    timed = messages(phrase) if phrase else []
    keys = Keys(timed, timeline, clock)
    recording = Recording(timeline)
    session = Session(replace(settings, takes_turns=False), timeline, paced=False)
    stage = Stage(session, keys, Silence(), engine, Notary(recording), MOST_NOTES)
    while not engine.present:
        engine.wait()
        stage.turn(clock.now_ns())
    _run(stage, keys, clock, engine)
    # The answer begins on the beat with which the phrase ends, or the first after it.
    beat = -(-recording.tick // TICKS_PER_BEAT) * TICKS_PER_BEAT
    stage.handover(clock.now_ns(), beat)
    _run(stage, keys, clock, engine)
    if not recording.answer.notes:
        raise FileRefused("The model had nothing to add; try another seed.")
    metre = phrase.metre if phrase else settings.metre or results.METRE
    seconds = (timeline.time_at(recording.tick) - timeline.time_at(0)) / 1e9
    return Bounced(results.Piece(recording, timeline.bpm, metre), seconds)


def _run(stage: Stage, keys: Keys, clock: ManualClock, engine: RealTimeEngine) -> None:
    """Turn until nothing more will happen by itself."""
    while True:
        stage.turn(clock.now_ns())
        if stage.session.waiting or stage.session.state is State.RECOVERING:
            engine.wait()
            continue
        times = [t for t in (keys.next_ns, stage.next_ns()) if t is not None]
        if not times:
            return
        clock.sleep_until(min(times))
