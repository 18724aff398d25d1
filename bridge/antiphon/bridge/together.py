"""Both play at once: the model adds its instruments, and hears every key at once. Pure.

──committed──┊─────tentative─────▶     what begins beyond the commitment is made anew
            now + 135 ms               whenever the player does something new
"""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.engine.notes import DRUMS, INSTRUMENTS, TICKS_PER_BEAT, Event, Note, NoteOff, NoteOn
from antiphon.engine.protocol import Cancel, Listen, Notes, Reply, Rewind
from antiphon.engine.wishes import Constraints

from .ear import Ear
from .effects import Effect, Recall, Release, Tell
from .exchange import sounded
from .history import History
from .partner import SESSION_ID, Partner
from .rules import possible

COMMIT_NS = 135_000_000
"""What begins sooner than this can no longer be taken back: a change is heard within 150 ms."""
GATHER_NS = 10_000_000
"""How long keys wait for more: those of a chord do not go down at once."""
REST_BEATS = 8
"""Beats without a key after which the model leaves off too."""
REACH_TICKS = 10**6
"""How far one request goes: nobody plays so long without touching a key."""
REMEMBERED = 1000
"""Notes of the model's that an engine that comes back is told again."""
BAND = tuple(INSTRUMENTS.index(name) for name in ("bass", "strings"))
RHYTHM = (INSTRUMENTS.index("bass"), DRUMS)
"""Who plays along unless somebody is asked for: where time is free, and where it has a tempo."""


class Together:
    """One stretch of playing at once. [loop]"""

    def __init__(self, partner: Partner, ear: Ear, history: History) -> None:
        self._partner, self._ear, self._history = partner, ear, history
        self._fresh: list[Event] = []
        self._gathered_ns = self._latest_ns = 0
        self._notes: list[Note] = []
        self._held: set[tuple[int, int]] = set()

    def begin(self, now_ns: int) -> None:
        """The player has struck a first key."""
        self._fresh, self._notes, self._held = [], [], set()
        self._latest_ns = now_ns

    def hear(self, now_ns: int, event: Event) -> None:
        """The player did this."""
        self._history.add([event])
        if not self._fresh:
            self._gathered_ns = now_ns + GATHER_NS
        self._fresh.append(event)
        self._latest_ns = now_ns
        match event:
            case NoteOn(_, instrument, pitch):
                self._held.add((instrument, pitch))
            case NoteOff(_, instrument, pitch):
                self._held.discard((instrument, pitch))

    def tick(self, now_ns: int) -> list[Effect]:
        """Let time pass."""
        if self._fresh and now_ns >= self._gathered_ns:
            return self._think_again(now_ns)
        return self._partner.pace(now_ns)

    @property
    def next_ns(self) -> int | None:
        """When `tick` or `over` will next have something to say; None while keys are held."""
        if self._fresh:
            return self._gathered_ns
        return None if self._held else self._over_ns

    def over(self, now_ns: int) -> bool:
        """Whether the player has left off."""
        return not self._held and now_ns >= self._over_ns

    def engine(self, reply: Reply) -> list[Effect]:
        """Take what the engine says; what it said to an earlier request is out of date."""
        match reply:
            case Notes(_, self._partner.generation, notes):
                self._notes += notes
                return [effect for note in notes for effect in self._partner.plan(note)]
        return []

    def end(self, now_ns: int) -> list[Effect]:
        """Leave off: what has sounded by now stays."""
        tick = max(0, self._partner.timeline.tick_at(now_ns))
        self._settle(tick)
        fresh, self._fresh = tuple(self._fresh), []
        heard = [Tell(Listen(SESSION_ID, fresh))] if fresh else []
        return [Release(), Tell(Cancel(SESSION_ID)), Tell(Rewind(SESSION_ID, tick)), *heard]

    def let_go(self) -> None:
        """Nobody holds a key any more, whatever was heard."""
        self._held = set()

    def lost(self, now_ns: int) -> list[Effect]:
        """The engine is gone: nothing of its may go on sounding."""
        self._settle(self._partner.timeline.tick_at(now_ns))
        self._fresh = []
        return [Release()]

    def back(self, now_ns: int) -> list[Effect]:
        """An engine is there again, and has heard everything."""
        return self._ask(self._commitment(now_ns), now_ns)

    def _think_again(self, now_ns: int) -> list[Effect]:
        """What is not committed is made anew, knowing what the player did."""
        fresh, self._fresh = tuple(self._fresh), []
        commit = self._commitment(now_ns - GATHER_NS)
        self._notes = [note for note in self._notes if note.onset < commit]
        self._fold(now_ns)
        return [
            Recall(self._partner.timeline.time_at(commit)),
            Tell(Rewind(SESSION_ID, commit, True)),
            Tell(Listen(SESSION_ID, fresh)),
            *self._ask(commit, now_ns),
        ]

    def _ask(self, commit: int, now_ns: int) -> list[Effect]:
        asked = self._partner.ask(commit, commit + REACH_TICKS, self._constraints(), prompt=False)
        return [*asked, *self._partner.position(self._partner.timeline.tick_at(now_ns))]

    def _commitment(self, now_ns: int) -> int:
        """The first tick of what can still be taken back."""
        return max(0, self._partner.timeline.tick_at(now_ns + COMMIT_NS) + 1)

    @property
    def _over_ns(self) -> int:
        rest = REST_BEATS * TICKS_PER_BEAT
        timeline = self._partner.timeline
        return timeline.time_at(timeline.tick_at(self._latest_ns) + rest)

    def _constraints(self) -> Constraints:
        """Who plays along: whoever was asked for, but never the player's own instruments."""
        settings, mine = self._partner.settings, self._ear.instruments
        usual = RHYTHM if settings.metre else BAND
        others = tuple(i for i in settings.instruments or usual if i not in mine)
        rules = replace(settings.rules, never=tuple({*settings.rules.never, *mine}))
        lone = tuple(i for i in (*BAND, *RHYTHM) if i not in mine)[:1]
        return self._partner.within(possible(rules, others or lone))

    def _settle(self, tick: int) -> None:
        """What has sounded before a tick is history."""
        self._history.answer = [*self._history.answer, *sounded(self._notes, tick)][-REMEMBERED:]
        self._notes = []

    def _fold(self, now_ns: int) -> None:
        """What is long over is history, so that nothing grows."""
        tick = self._partner.timeline.tick_at(now_ns)
        done = [note for note in self._notes if note.end <= tick]
        self._history.answer = [*self._history.answer, *done][-REMEMBERED:]
        self._notes = [note for note in self._notes if note.end > tick]
