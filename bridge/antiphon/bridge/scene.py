"""What the supervisor knows of the conversation, from what the performer tells. No processes."""

from __future__ import annotations

from dataclasses import dataclass, field

from antiphon.engine.errors import AntiphonError, MachineError, UserError
from antiphon.engine.notes import Note, shortened

from . import link
from .recording import Recording
from .takes import later
from .timeline import Timeline

SHOWN = 1000
"""Latest notes of the plan that are remembered: more than a roll has room for."""


@dataclass(slots=True)
class Scene:
    """The conversation so far."""

    tempo_bpm: float
    programs: tuple[int, ...] = ()
    """General MIDI programs that were asked for; the rest have their family's first."""
    recording: Recording | None = None
    planned: list[Note] = field(default_factory=list)
    state: str = "idle"
    engine: bool = False
    model: str = ""
    answers: int = 0
    farewell: link.Farewell | None = None
    error: AntiphonError | None = None
    """Why it cannot go on."""

    def take(self, message: link.Message) -> None:
        """Something happened."""
        match message:
            case link.Ready(origin_ns):
                self.recording = Recording(Timeline.at(self.tempo_bpm, origin_ns), self.programs)
            case link.EngineIs(present, model):
                self.engine, self.model = present, model
            case link.Troubled(text, exit_code) if exit_code is not None:
                self.error = _error(text, exit_code)
            case link.Farewell():
                self.farewell = message
            case link.Turned(_, _, state):
                self.state = state
                self.answers += state in ("answering", "together")
            case _ if self.recording:
                self._record(self.recording, message)

    def _record(self, recording: Recording, message: link.Message) -> None:
        recording.take(message)
        match message:
            case link.Planned(note):
                self.planned.append(later(note, recording.shift))
                if len(self.planned) > 2 * SHOWN:
                    del self.planned[:-SHOWN]
            case link.Recalled(from_ns):
                tick = recording.timeline.tick_at(from_ns)
                self.planned = [note for note in self.planned if note.onset < tick]
            case link.Released(at_ns):
                tick = recording.timeline.tick_at(at_ns)
                kept = [note for note in self.planned if note.onset < tick]
                self.planned = [shortened(note, tick) if note.end > tick else note for note in kept]


def _error(text: str, exit_code: int) -> AntiphonError:
    """What a child ended with, as an error of our own."""
    kind = UserError if exit_code == UserError.exit_code else MachineError
    return kind(text)
