"""`antiphon bounce`: the same stage and session as live, under a clock that jumps.

A file is played into the session in virtual time; time stands still while the engine thinks. The
same file, seed and settings give the same bytes, whatever the machine does meanwhile.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.notes import TICKS_PER_BEAT
from antiphon.engine.protocol import Error

from . import midifile, results
from .client import Client
from .clock import ManualClock, SystemClock
from .config import Settings
from .effects import Plan, Turned
from .engine_process import EngineProcess
from .grid import COMMON_TIME
from .phrase_player import bar_of, messages
from .progress import Progress
from .real_time_engine import RealTimeEngine
from .recording import Recording
from .session import Session
from .stage import Stage
from .states import State
from .timeline import Timeline

MOST_PLANNED = 100_000
"""Notes of one answer: here all of it is planned before the first sounds."""


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


class Notary:
    """Writes down what happens on the stage, and says how far the answer has come."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.progress: Progress | None = None
        """Of the answer, in ticks."""
        self.sentences: list[str] = []
        """What is to be told when all is done."""

    def played(self, now_ns: int, message: bytes) -> None:
        """The player did this."""
        self._recording.played(now_ns, message)

    def planned(self, plan: Plan) -> None:
        """A note of the answer is known."""
        self._recording.answers_on(plan.channel, plan.note.instrument)
        if self.progress:
            self.progress.reached(plan.note.onset)

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        """A message of the answer went out."""
        self._recording.sounded(wanted_ns, message)

    def turned(self, now_ns: int, turned: Turned) -> None:
        """It is someone else's turn."""

    def released(self, now_ns: int) -> None:
        """What was planned will not sound."""

    def recalled(self, from_ns: int) -> None:
        """What was planned to begin at a time or later will not sound."""

    def retimed(self, now_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on."""

    def said(self, now_ns: int, text: str) -> None:
        """The player is told a sentence."""
        self.sentences.append(text)

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
    tell: Callable[[str], None] = lambda _: None,
) -> results.Piece:
    """Play `source` and its answer in virtual time; without a source, music from nothing.

    With `minutes` the piece, source included, lasts about so long and ends by itself; else the
    answer lasts as `settings` say. `tell` hears how far it has come.

    Raises FileRefused if a file cannot be read, EngineLost if the engine fails, UserError if
    the source lasts longer than `minutes`. Blocks.
    """
    phrase = midifile.read(source) if source else None
    if phrase:
        settings = replace(settings, bpm=phrase.tempo_bpm, metre=phrase.metre)
    else:
        metre = settings.metre or COMMON_TIME
        settings = replace(settings, bpm=settings.tempo_bpm, metre=metre)
    timed = messages(phrase) if phrase else []
    if minutes is not None:
        settings = _ending(settings, minutes, timed[-1][0] if timed else 0)
    engine = EngineProcess(bundle)
    client = Client(engine.endpoint, "bounce")
    try:
        return _bounced(timed, settings, RealTimeEngine(client), tell)
    finally:
        client.close()
        engine.close()


def _ending(settings: Settings, minutes: float, heard: int) -> Settings:
    """Settings of a piece that ends after so many minutes, `heard` ticks of which are there."""
    least = round(minutes * settings.tempo_bpm * TICKS_PER_BEAT)
    if heard >= least:
        lasts = heard / TICKS_PER_BEAT / settings.tempo_bpm
        raise UserError(f"The file alone lasts {lasts:.2f} minutes; ask for more than {minutes:g}.")
    # The engine may end the piece from a bar before it should end to a bar after.
    bar = bar_of(settings.metre or COMMON_TIME)
    beats = -(-(least + 2 * bar) // TICKS_PER_BEAT)
    return replace(settings, ends=least + bar, answer_beats=beats)


def _bounced(
    timed: list[tuple[int, bytes]],
    settings: Settings,
    engine: RealTimeEngine,
    tell: Callable[[str], None],
) -> results.Piece:
    clock, timeline = ManualClock(), Timeline.at(settings.tempo_bpm, 0)
    keys = Keys(timed, timeline, clock)
    recording = Recording(timeline, settings.programs)
    notary = Notary(recording)
    session = Session(replace(settings, takes_turns=False), timeline, paced=False)
    stage = Stage(session, keys, Silence(), engine, notary, MOST_PLANNED)
    while not engine.present:
        engine.wait()
        stage.turn(clock.now_ns())
    _run(stage, keys, clock, engine)
    # The answer begins on the beat with which the phrase ends, or the first after it.
    beat = -(-recording.tick // TICKS_PER_BEAT) * TICKS_PER_BEAT
    stage.handover(clock.now_ns(), beat)
    notary.progress = Progress(beat, session.until, tell, SystemClock().now_ns)
    _run(stage, keys, clock, engine)
    for text in notary.sentences:
        tell(text)
    if not recording.answer.notes:
        raise FileRefused("The model had nothing to add; try another seed.")
    return results.conversation(recording, settings, "Antiphon")


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
