"""Bars of a file played anew, given what comes before and after: `antiphon bounce --infill`.

No stage is needed: the engine is told the music before, asked for the gap, and heard out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from antiphon.engine.errors import EngineLost, FileRefused, UserError
from antiphon.engine.notes import DRUMS, Event, Note, Pedal, events_of, family
from antiphon.engine.protocol import (
    MOST_EVENTS,
    MOST_NOTES,
    Done,
    Error,
    Infill,
    Listen,
    Notes,
    Open,
    Request,
)
from antiphon.engine.wishes import MOST_INSTRUMENTS, Constraints

from . import midifile, results, splice
from .client import Client
from .clock import SystemClock
from .config import Settings
from .ear import MARGIN
from .engine_process import EngineProcess
from .partner import SESSION_ID
from .phrase_player import bar_of
from .progress import Progress
from .real_time_engine import RealTimeEngine
from .recording import Recording
from .rules import fitted
from .timeline import Timeline


class Bars(NamedTuple):
    """Bars from `first` to `last`, both among them; the first of a file is 1."""

    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Bars:
        """Bars written as 9-12, or 9 for one alone; UserError if they are not."""
        numbers = [number.strip() for number in text.split("-")]
        if len(numbers) <= 2 and all(n.isdecimal() and len(n) < 7 for n in numbers):
            bars = cls(int(numbers[0]), int(numbers[-1]))
            if 1 <= bars.first <= bars.last:
                return bars
        raise UserError(f"{text!r} are no bars; write 9-12, or 9 for one alone.")


@dataclass(frozen=True, slots=True)
class Gap:
    """Some ticks of a phrase that are to be played anew."""

    phrase: midifile.Phrase
    start: int
    until: int

    @property
    def kept(self) -> list[Note]:
        """The notes that stay."""
        return [n for n in self.phrase.notes if not self.start <= n.onset < self.until]

    def requests(self, settings: Settings) -> Iterator[Request]:
        """What the engine must be told to fill it."""
        constraints = self._constraints(settings)
        yield Open(
            SESSION_ID, settings.seed, settings.styles, self.phrase.tempo_bpm, self.phrase.metre,
            constraints, settings.feel, settings.blend,
        )  # fmt: skip
        before = self._events()
        for first in range(0, len(before), MOST_EVENTS):
            yield Listen(SESSION_ID, tuple(before[first : first + MOST_EVENTS]))
        after = tuple(note for note in self.phrase.notes if note.onset >= self.until)
        yield Infill(SESSION_ID, 1, self.start, self.until, after[:MOST_NOTES])

    def _events(self) -> list[Event]:
        """Everything that happens before, pedals ahead of the keys of their tick."""
        pedals: list[Event] = [p for p in self.phrase.pedals if p.tick < self.start]
        keys = events_of(note for note in self.phrase.notes if note.onset < self.start)
        return sorted([*pedals, *keys], key=lambda e: (e.tick, not isinstance(e, Pedal)))

    def _constraints(self, settings: Settings) -> Constraints:
        """The instruments asked for, else those of the phrase, near the keys it uses."""
        heard = Counter(note.instrument for note in self.phrase.notes)
        instruments = settings.instruments or [i for i, _ in heard.most_common(MOST_INSTRUMENTS)]
        pitches = [note.pitch for note in self.phrase.notes if note.instrument != DRUMS]
        lowest = max(0, min(pitches, default=MARGIN) - MARGIN)
        highest = min(127, max(pitches, default=127) + MARGIN)
        rules = replace(settings.rules, enter_within=0)
        return fitted(rules, instruments, (lowest, highest))


def fill(
    source: Path,
    bars: Bars,
    settings: Settings,
    bundle: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> results.Piece:
    """Play some bars of a file anew; `tell` hears how far it has come. Blocks.

    Raises FileRefused if the file cannot be read or has no such bars, EngineLost if the engine
    fails.
    """
    phrase = midifile.read(source)
    score = splice.read(source)
    bar = bar_of(phrase.metre)
    gap = Gap(phrase, bar * (bars.first - 1), bar * bars.last)
    if gap.start >= max(note.end for note in phrase.notes):
        raise FileRefused(f"{source} is over before bar {bars.first}.")
    notes = _played(gap, settings, bundle, tell)
    if not notes:
        raise FileRefused("The model had nothing to put there; try another seed.")
    programs = {family(program): program for program in settings.programs}
    file = score.spliced(gap.start, gap.until, notes, programs)
    recording = _recorded(gap, notes, programs)
    return results.Piece(recording, phrase.tempo_bpm, phrase.metre, file=file)


def _played(
    gap: Gap, settings: Settings, bundle: Path | None, tell: Callable[[str], None]
) -> list[Note]:
    """What an engine plays in the gap."""
    process = EngineProcess(bundle)
    client = Client(process.endpoint, "bounce")
    try:
        engine = RealTimeEngine(client)
        while not engine.present:
            engine.wait()
            engine.poll(0)
        for request in gap.requests(settings):
            engine.send(request)
        progress = Progress(gap.start, gap.until, tell, SystemClock().now_ns)
        return _heard_out(engine, progress)
    finally:
        client.close()
        process.close()


def _heard_out(engine: RealTimeEngine, progress: Progress) -> list[Note]:
    notes: list[Note] = []
    while engine.present:
        for reply in engine.poll(0):
            match reply:
                case Notes():
                    notes += reply.notes
                    progress.reached(notes[-1].onset)
                case Done():
                    return notes
                case Error():
                    raise UserError(reply.text)
        engine.wait()
    raise EngineLost("The engine is gone.")


def _recorded(gap: Gap, notes: Sequence[Note], programs: dict[int, int]) -> Recording:
    """The piece as a recording: what stays is the player's, what is new the answer."""
    recording = Recording(Timeline.at(gap.phrase.tempo_bpm, 0))
    recording.player.notes += gap.kept
    recording.answer.notes += notes
    recording.pedals += gap.phrase.pedals
    recording.programs |= programs | gap.phrase.programs
    recording.tick = max(note.end for note in (*gap.kept, *notes))
    return recording
