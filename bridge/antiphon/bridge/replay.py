"""A recorded session played again: the same keys in the same moments, on the same stage.

The engine thinks anew, and time stands still meanwhile. With the same model all comes out as it
was; else it is said how much did not.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from antiphon.engine.protocol import Error

from . import hand, link
from .bounce import Silence
from .client import Client
from .clock import SystemClock
from .effects import Plan, Turned
from .engine_process import EngineProcess
from .fingerprint import fingerprint
from .journal import Began, Journal, moments
from .progress import Progress
from .recording import ANSWER, Recording
from .replayed_engine import ReplayedEngine
from .results import Piece, conversation
from .session import Session
from .stage import Stage
from .timeline import Timeline


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    piece: Piece
    differing: int
    """Notes of the answers that are not as they were."""
    reasons: tuple[str, ...]
    """What might make them differ."""


class Keys:
    """What the player does in one turn. [loop]"""

    def __init__(self) -> None:
        self.played: deque[link.Played] = deque()
        self._at_ns = 0

    def receive(self) -> bytes | None:
        """The next message, None if there is none now."""
        if not self.played:
            return None
        played = self.played.popleft()
        self._at_ns = played.at_ns
        return played.message

    def dated(self, now_ns: int) -> int:
        """When the latest message was played."""
        return self._at_ns


class Scribe:
    """Writes down what happens on the stage. [loop]"""

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

    def recalled(self, from_ns: int) -> None:
        """What was planned to begin at a time or later will not sound."""

    def retimed(self, now_ns: int, timeline: Timeline) -> None:
        """Musical time goes otherwise from now on."""
        self._recording.retimed(now_ns, timeline)

    def said(self, now_ns: int, text: str) -> None:
        """The player was told a sentence, then."""

    def troubled(self, now_ns: int, error: Error) -> None:
        """The engine could not do what it was asked for, then."""


def recorded(journal: Journal) -> Piece:
    """What was played and answered, as it was written down."""
    recording = _empty(journal.began)
    for event in journal.events:
        recording.take(event)
    return _piece(journal.began, recording)


def replay(
    journal: Journal, bundle: Path | None = None, tell: Callable[[str], None] = lambda _: None
) -> Replayed:
    """Play a session again, by its own model unless another is named; Blocks.

    Raises EngineLost if the engine fails, BundleRefused if its model is not there any more.
    """
    began = journal.began
    bundle = bundle or (Path(began.bundle) if began.bundle else None)
    process = EngineProcess(bundle)
    client = Client(process.endpoint, "replay")
    try:
        engine = ReplayedEngine(client, journal.events)
        recording = _replayed(journal, engine, tell)
    finally:
        client.close()
        process.close()
    piece = _piece(began, recording)
    differing = _differing(recorded(journal).recording, piece.recording)
    return Replayed(piece, differing, _reasons(journal, engine, fingerprint(bundle)))


def _replayed(journal: Journal, engine: ReplayedEngine, tell: Callable[[str], None]) -> Recording:
    began, turns = journal.began, list(moments(journal.events))
    keys, recording = Keys(), _empty(began)
    session = Session(began.settings, Timeline.at(began.settings.tempo_bpm, began.origin_ns))
    stage = Stage(session, keys, Silence(), engine, Scribe(recording), dated=keys.dated)
    progress = Progress(0, len(turns), tell, SystemClock().now_ns)
    for number, moment in enumerate(turns):
        _sound_until(moment.at_ns, stage, engine)
        stage.sound(moment.at_ns)  # as the performer does, before all else of a turn
        for timeline in moment.timelines:
            stage.retime(moment.at_ns, timeline)
        keys.played.extend(moment.played)
        engine.cue(moment)
        stage.turn(moment.at_ns)
        engine.cue(moment._replace(engine=()))
        for letter in moment.by_hand:
            hand.obey(letter, stage, moment.at_ns)
        progress.reached(number)
    return recording


def _sound_until(ns: int, stage: Stage, engine: ReplayedEngine) -> None:
    """Notes that were not there then are due when nothing was."""
    heard_ns = stage.session.latency.heard_ns(ns)
    while engine.differs and (due_ns := stage.scheduler.next_due_ns()) is not None:
        if due_ns >= heard_ns:
            return
        stage.turn(ns - (heard_ns - due_ns))


def _empty(began: Began) -> Recording:
    settings = began.settings
    return Recording(Timeline.at(settings.tempo_bpm, began.origin_ns), settings.programs)


def _piece(began: Began, recording: Recording) -> Piece:
    return conversation(recording, began.settings, began.title or "Antiphon")


def _differing(then: Recording, now: Recording) -> int:
    before, after = Counter(then.tracks()[ANSWER]), Counter(now.tracks()[ANSWER])
    return max((before - after).total(), (after - before).total())


def _reasons(journal: Journal, engine: ReplayedEngine, model: str) -> tuple[str, ...]:
    """What might make a replay differ from what was heard."""
    lost = sum(isinstance(e, link.EngineIs) and not e.present for e in journal.events)
    dropped = sum(e.dropped for e in journal.events if isinstance(e, link.Farewell))
    said = {
        "The engine was lost " + ("once." if lost == 1 else f"{lost} times."): lost,
        f"{dropped} notes came too late to sound.": dropped,
        f"{journal.missing} events are missing in the journal.": journal.missing,
        f"{journal.cut} bytes at its end cannot be read.": journal.cut,
        "It was another model.": journal.began.fingerprint not in ("", model),
        f"The engine refused: {' '.join(engine.refusals)}": engine.refusals,
    }
    return tuple(text for text, so in said.items() if so)
