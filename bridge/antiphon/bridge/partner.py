"""The one we play with: asked for music, told how far it has sounded, its notes put on channels.

What call and response and playing together have in common. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from antiphon.engine.notes import TICKS_PER_BEAT, Note
from antiphon.engine.protocol import MOST_NOTES, Answer, Heard, Infill
from antiphon.engine.wishes import Constraints, Feel

from . import midi
from .actions import Dial
from .channels import Channels
from .config import Settings
from .effects import Effect, Plan, Send, Tell
from .timeline import Timeline

SESSION_ID = 1
HORIZON_TICKS = 4 * TICKS_PER_BEAT
"""How far ahead of the play head the engine may plan."""
HEARD_EVERY_NS = 100_000_000
HOTTEST = 1.5
"""Temperature of a dial that is turned up all the way."""
DENSEST = 32
"""Most notes a beat of a dial that is turned up all the way; turned down it is one."""


class Partner:
    """Requests of one session, numbered, and the notes that come of them. [loop]"""

    def __init__(self, settings: Settings, timeline: Timeline, paced: bool) -> None:
        self.settings, self.timeline = settings, timeline
        self.bars = settings.bars
        """Where bars are now."""
        self.channels = Channels(programs=settings.programs)
        self.feel: Feel | None = None
        """How freely it plays from now on; None as the settings say."""
        self.density: int | None = None
        """Most notes that it strikes in a beat from now on; None as the settings say."""
        self.generation = 0
        """Number of the latest request."""
        self.takes = 1
        """How many takes it was for."""
        self._paced = paced
        self._heard_ns = 0
        self._voices: dict[int, int] = {}

    def turn_dial(self, dial: Dial, value: float) -> None:
        """How it plays from the next request on: the temperature or the density, 0..1."""
        if dial is Dial.TEMPERATURE:
            self.feel = replace(self.feel or self.settings.feel, temperature=HOTTEST * value)
        elif dial is Dial.DENSITY:
            self.density = round(DENSEST**value)

    def ask(
        self, start: int, until: int, constraints: Constraints, *, prompt: bool, takes: int = 1
    ) -> list[Effect]:
        """Ask for music from tick `start` to `until`; `prompt`: its first note is at `start`."""
        self.generation, self.takes, self._voices = self.generation + 1, takes, {}
        request = Answer(
            SESSION_ID, self.generation, start, until, prompt=prompt,
            may_end=self.settings.own_ending, constraints=constraints, ends=self.settings.ends,
            takes=takes if takes > 1 else 0, feel=self.feel,
        )  # fmt: skip
        self._heard_ns = self.timeline.time_at(start)
        return [*self._set_up(constraints.instruments), Tell(request), *self.position(start)]

    def fill(
        self, start: int, until: int, after: Sequence[Note], constraints: Constraints
    ) -> list[Effect]:
        """Ask for the music of a gap from tick `start` to `until`, before the notes of `after`."""
        self.generation, self.takes = self.generation + 1, 1
        near = tuple(after)[:MOST_NOTES]
        request = Infill(SESSION_ID, self.generation, start, until, near, constraints, self.feel)
        return [*self._set_up(constraints.instruments), Tell(request)]

    def plan(self, note: Note, generation: int | None = None) -> list[Effect]:
        """Sound a note at its time."""
        on_ns, off_ns = self.timeline.time_at(note.onset), self.timeline.time_at(note.end)
        channel = self.channels.of_answer(note.instrument)
        of = self.generation if generation is None else generation
        return [*self._set_up([note.instrument]), Plan(on_ns, off_ns, channel, note, of)]

    def within(self, rules: Constraints) -> Constraints:
        """Rules, and what was turned since."""
        return rules if self.density is None else replace(rules, density=self.density)

    def pace(self, now_ns: int, behind: int = 0) -> list[Effect]:
        """Tell where the play head is, now and then; what sounds is `behind` ticks late."""
        if now_ns - self._heard_ns < HEARD_EVERY_NS:
            return []
        self._heard_ns = now_ns
        return self.position(self.timeline.tick_at(now_ns) - behind)

    def position(self, tick: int) -> list[Effect]:
        """Tell that the play head is at a tick."""
        return [Tell(Heard(SESSION_ID, max(0, tick), HORIZON_TICKS))] if self._paced else []

    def soonest(self, at_ns: int, lead_ns: int = 0) -> int:
        """The first tick on the grid that begins later than `lead_ns` after a time.

        Never the tick that begins just then: what the player does in it comes before the answer.
        """
        return self.on_grid(max(0, self.timeline.tick_at(at_ns + lead_ns) + 1))

    def on_grid(self, tick: int) -> int:
        """The first tick from this one on at which an answer may begin."""
        return self.bars.line_at_or_after(tick, self.settings.grid)

    def _set_up(self, instruments: Iterable[int] | Sequence[int]) -> list[Effect]:
        """Choose the sounds of the channels that this answer has not used so far."""
        of_answer = self.channels.of_answer
        new = {i: of_answer(i) for i in instruments if self._voices.get(i) != of_answer(i)}
        self._voices |= new
        return [Send(midi.program(*sound)) for sound in self.channels.setup(new)]
