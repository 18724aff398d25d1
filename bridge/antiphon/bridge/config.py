"""What a player can set, as one frozen value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from antiphon.engine.notes import FREE_TEMPO_BPM, Note
from antiphon.engine.wishes import Blend, Constraints, Feel

from .bindings import USUAL
from .compensation import Compensation
from .grid import COMMON_TIME, Bars, Grid
from .judge import USUAL_EAGERNESS


class Mode(Enum):
    """How the two play."""

    CALL = "call"
    """Call and response: one after the other."""
    TOGETHER = "together"
    """Both at once: the model adds its instruments to the player's."""


class Clock(Enum):
    """Whose time is played by."""

    INTERNAL = "internal"
    """The tempo that was asked for, else free time."""
    MIDI = "midi"
    """MIDI clock from one of the inputs."""
    LINK = "link"
    """An Ableton Link session."""
    GUESS = "guess"
    """The player's own tempo, once it is found; free time before."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session is to be played.

    Settings()                             free time, the player's own instrument
    Settings(styles=("Chopin",), seed=7)   in a style, reproducible
    Settings(bpm=96, answer_beats=8)       at a tempo, eight beats a turn
    """

    seed: int = 0
    """The same seed and the same playing give the same answers."""
    styles: tuple[str, ...] = ()
    """Composers or styles, by any part of their name; none leaves it to the music."""
    blend: Blend | None = None
    """Two styles mixed, or from one to the other in each answer; None mixes none."""
    example: tuple[Note, ...] = ()
    """Music to take the style from."""
    instruments: tuple[int, ...] = ()
    """Instruments that may answer, at most ten; none means those the player uses."""
    programs: tuple[int, ...] = ()
    """General MIDI programs that the answer sounds with; a family without one has its first."""
    bpm: float | None = None
    """Tempo in beats a minute; None is free time."""
    metre: tuple[int, int] | None = None
    """Beats in a bar and their note value; None if there are no bars. Tick 0 begins a bar, but
    where the tempo is guessed each phrase does.
    """
    takes_turns: bool = True
    """Whether silence hands over the turn; else only the pedal does."""
    eagerness: float = USUAL_EAGERNESS
    """How soon it does, from 0, patient, to 1."""
    clock: Clock = Clock.INTERNAL
    clock_out: bool = False
    """Whether MIDI clock is sent to the output."""
    latency: Compensation = field(default_factory=Compensation)
    """What the ways in and out cost in time, and is made up for."""
    count_in: int = 0
    """Bars of click before the song begins."""
    click: bool = False
    """Whether it goes on clicking."""
    mode: Mode = Mode.CALL
    grid: Grid = Grid.FREE
    """On what an answer begins."""
    answer_beats: int | None = None
    """Length of an answer; None makes it as long as the phrase."""
    own_ending: bool = False
    """Whether the model may end an answer before its time is up."""
    takes: int = 1
    """Versions of each answer that are made at once, 1 to 8."""
    ends: int | None = None
    """Tick at which the piece shall end; None if nobody knows."""
    rules: Constraints = field(default_factory=Constraints)
    """What answers may contain, besides the instruments."""
    feel: Feel = field(default_factory=Feel)
    """How freely notes are drawn."""
    bound: tuple[tuple[str, str], ...] = tuple(USUAL.items())
    """(action, MIDI message) as `bindings.py` reads them: pedals, pads and dials."""

    @property
    def tempo_bpm(self) -> float:
        """The tempo that time is counted in: 120 when free."""
        return self.bpm if self.bpm is not None else FREE_TEMPO_BPM

    @property
    def guesses(self) -> bool:
        """Whether the tempo is the player's, who tells it by playing only."""
        return self.clock is Clock.GUESS

    @property
    def bars(self) -> Bars:
        """The bars, from tick 0; those of common time where there are none."""
        return Bars(self.metre or COMMON_TIME)
