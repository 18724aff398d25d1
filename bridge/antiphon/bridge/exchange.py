"""A phrase and its answer, in all the versions that were made of it. Pure.

It sees to it that the engine remembers what was really heard. Whose turn it is it does not know.
"""

from __future__ import annotations

from collections.abc import Collection

from antiphon.engine.notes import PIANO, TICKS_PER_BEAT, Event, Note, events_of, shortened
from antiphon.engine.protocol import Cancel, Keep, Listen, Rewind
from antiphon.engine.wishes import Constraints

from .ear import Ear
from .effects import Effect, Release, Tell
from .grid import put_off
from .history import History, Place
from .partner import SESSION_ID, Partner
from .rules import possible
from .takes import Take, Takes, later

MIN_ANSWER_TICKS = 4 * TICKS_PER_BEAT
MAX_ANSWER_TICKS = 64 * TICKS_PER_BEAT
LEAD_NS = 8_000_000
"""How far ahead an answer begins that was asked for on the spot: time for the engine to have its
first note ready even after a long phrase. A reply that is always as quick beats one that is
sometimes quicker.
"""
REMAKE_LEAD_NS = 100_000_000
"""The same for an answer of which bars are kept: a gap is slower to begin."""
LATE_NS = 30_000_000
"""An answer whose first note comes later than this after its moment moves, by steps of its grid."""


class Exchange:
    """The latest phrase and its answer. [loop]"""

    def __init__(self, partner: Partner, ear: Ear) -> None:
        self.history, self.takes = History(), Takes()
        self.start = self.until = 0
        """Ticks of the answer that was asked for last, as the engine knows it."""
        self.phrase_ticks = 0
        """How long the phrase lasted."""
        self._partner, self._ear = partner, ear
        self.locked: frozenset[int] = frozenset()
        """Bars of the answer, from 0, that other versions of it keep."""
        self._gaps: list[tuple[int, int]] = []
        """What is still to be asked for of a version whose locked bars are there."""
        self._late: list[Event] = []
        """What the player did while the answer sounded: a listen would end it."""
        self._before: tuple[Place, int, int] | None = None
        """Where phrase and answer were before they were moved for a version that has not begun."""
        self._stale: int | None = None
        """Tick from which on the engine remembers otherwise than we do; None: nowhere."""

    def begin(self, tick: int) -> None:
        """Another exchange begins at a tick."""
        self.history.begin(tick)
        self.takes, self.locked, self._gaps, self._before = Takes(), frozenset(), [], None

    def defer(self, event: Event) -> None:
        """The player did this while the answer sounds: the engine hears of it later."""
        self._late.append(event)

    def ask(self, start: int, until: int | None = None) -> list[Effect]:
        """Ask for an answer that begins at tick `start`."""
        settings, partner = self._partner.settings, self._partner
        self.start = start
        self.until = start + self._answer_ticks if until is None else until
        rules, takes = self._constraints(), settings.takes
        effects = partner.ask(start, self.until, rules, prompt=True, takes=takes)
        self.takes.begin([Take(partner.generation, n, start, start) for n in range(takes)])
        return effects

    def decided(
        self, now_ns: int, number: int, notes: tuple[Note, ...], *, sounds: bool
    ) -> list[Effect]:
        """Notes of a take are known; those of the take that counts are planned.

        `sounds`: the answer has begun, and is not only prepared.
        """
        take = self.takes.find(self._partner.generation, number)
        if take is None or not notes:
            return []
        if sounds and not take.notes and take is self.takes.current:
            self._move_if_late(now_ns, take, notes[0].onset)
        new = take.add(notes)
        return self._planned(new) if take is self.takes.current else []

    def completed(self, number: int) -> list[Effect]:
        """All of a take is known, or of a gap in it: then comes the next."""
        take = self.takes.find(self._partner.generation, number)
        if take is None:
            return []
        take.complete = not self._gaps
        return [] if take.complete else self._fill(take)

    @property
    def complete(self) -> bool:
        """Whether all of what sounds is known."""
        take = self.takes.current
        return take is None or take.complete or take.generation != self._partner.generation

    @property
    def begin_tick(self) -> int:
        """Tick at which the answer that counts begins to sound."""
        take = self.takes.current
        return take.start if take else self.start

    @property
    def end_tick(self) -> int:
        """Tick at which the last note of what counts ends, as far as is known."""
        take = self.takes.current
        return take.end if take else 0

    def pace(self, now_ns: int) -> list[Effect]:
        """Tell the engine how far the answer has sounded."""
        take = self.takes.current
        if take:
            take.trim()
        return self._partner.pace(now_ns, take.moved if take else 0)

    def end(self, tick: int, *, whole: bool, there: bool) -> list[Effect]:
        """The answer is over at a tick: what of it has sounded is kept. First of two parts.

        `there`: the engine is, and shall remember it.
        """
        take = self.takes.current
        kept = [] if take is None else take.notes if whole else sounded(take.notes, tick)
        for made in self.takes.all:
            made.complete = True  # nothing more will come
        self._gaps = []
        if tick <= self.begin_tick:
            self._put_back()
            if take and not whole:  # else it is over because it has no note
                self.takes.retract()
        self._before = None
        self.history.answer = kept
        self.history.add(self._late)
        effects: list[Effect] = [] if whole else [Release()]
        return effects + (self._remembered(take, kept, tick, whole) if there else [])

    def _put_back(self) -> None:
        """What the exchange was moved for never began to sound."""
        if self._before is not None:
            place, self.start, self.until = self._before
            self.history.put_back(place)
            begin = self.start if place.begin is None else place.begin
            self._stale = begin if self._stale is None else min(begin, self._stale)

    def tell_late(self, *, there: bool) -> list[Effect]:
        """What the player did meanwhile. Second part of the end."""
        late, self._late = tuple(self._late), []
        return [Tell(Listen(SESSION_ID, late))] if there and late else []

    def renew(self) -> None:
        """The engine was told everything: it remembers what we do."""
        self._stale = None

    def reroll(self, now_ns: int) -> list[Effect]:
        """Another answer to the same phrase, from the top."""
        length = self.until - self.start
        self._move(now_ns)
        assert self._stale is not None
        phrase, begin = tuple(self.history.phrase), self._stale
        self._stale = None
        heard = [Tell(Listen(SESSION_ID, phrase))] if phrase else []
        asked = self.ask(self.start, self.start + length)
        return [Tell(Rewind(SESSION_ID, begin)), *heard, *asked]

    def lock(self, tick: int) -> int | None:
        """Keep the bar of the answer that sounds at a tick in every other version; or not.

        Returns which it is, counted from 0 at the answer's beginning; None if none sounds.
        """
        take = self.takes.current
        if take is None or tick < take.start:
            return None
        bar = (tick - take.start) // self._partner.bars.bar_ticks
        self.locked = self.locked ^ {bar}
        return bar

    def remake(self, now_ns: int) -> list[Effect]:
        """Another answer to the same phrase, but for the bars that are locked."""
        old, length = self.takes.current, self.until - self.start
        if old is None or not self.locked:
            return self.reroll(now_ns)
        bar = self._partner.bars.bar_ticks
        kept = [note for note in old.notes if (note.onset - old.start) // bar in self.locked]
        self._move(now_ns, REMAKE_LEAD_NS)
        take = Take(0, 0, self.start, self.start)
        if kept:
            take.add([later(note, self.start - old.start) for note in kept])
        self._gaps = [(self.start + a, self.start + b) for a, b in gaps(self.locked, bar, length)]
        take.complete = not self._gaps
        self.takes.begin([take])
        return self._planned(take.notes) + ([] if take.complete else self._fill(take))

    def resume(self, now_ns: int, take: Take, *, sounding: bool) -> list[Effect]:
        """Let a version sound: from here if it is under way, else from the top."""
        tick = self._partner.timeline.tick_at(now_ns)
        if not sounding or take.home != self.start or take.end <= tick:
            self._move(now_ns)
            take, tick = self._here(take), self.start - 1
        return self._planned([note for note in take.notes if note.onset > tick])

    def amend(self, now_ns: int, take: Take | None) -> list[Effect]:
        """The answer is over, and another version counts as having sounded up to now; or none."""
        tick, here = self._partner.timeline.tick_at(now_ns), take and self._here(take)
        notes = sounded(here.notes, tick) if here else []
        self.history.answer = notes
        self.history.add(self._late)
        return [*self._told_anew(notes), *self.tell_late(there=True)]

    def take_back(self) -> list[Effect]:
        """Forget phrase and answer."""
        tick, self.takes = self.history.take_back(), Takes()
        begin, self._stale, self._late = self._stale, None, []
        if tick is None:
            return []
        tick = tick if begin is None else min(tick, begin)
        return [Tell(Cancel(SESSION_ID)), Tell(Rewind(SESSION_ID, tick))]

    def _here(self, take: Take) -> Take:
        """A version where the exchange stands now."""
        if take.home == self.start:
            return take
        here = take.at(self.start)
        self.takes.put(here, take)
        return here

    def _fill(self, take: Take) -> list[Effect]:
        """Ask for the next gap of a version whose other bars are there."""
        (start, until), *self._gaps = self._gaps
        before = [note for note in take.notes if note.onset < start]
        after = sorted(note for note in take.notes if note.onset >= until)
        phrase, told = self.history.phrase, events_of(before)
        heard = tuple(sorted([*phrase, *told], key=lambda event: event.tick))
        assert self._stale is not None
        rewind = Tell(Rewind(SESSION_ID, self._stale))
        asked = self._partner.fill(start, until, after, self._constraints())
        take.generation = self._partner.generation
        return [rewind, *([Tell(Listen(SESSION_ID, heard))] if heard else []), *asked]

    @property
    def _answer_ticks(self) -> int:
        """Length of an answer: what was asked for, or that of the latest phrase."""
        beats = self._partner.settings.answer_beats
        if beats is not None:
            return beats * TICKS_PER_BEAT
        return min(max(self.phrase_ticks, MIN_ANSWER_TICKS), MAX_ANSWER_TICKS)

    def _constraints(self) -> Constraints:
        settings = self._partner.settings
        instruments = tuple(sorted(settings.instruments or self._ear.instruments or (PIANO,)))
        near = self._ear.near(instruments)
        return self._partner.within(possible(settings.rules, instruments, near))

    def _planned(self, notes: list[Note]) -> list[Effect]:
        return [effect for note in notes for effect in self._partner.plan(note)]

    def _move_if_late(self, now_ns: int, take: Take, onset: int) -> None:
        """An answer that comes too late begins whole steps of its grid later."""
        timeline = self._partner.timeline
        if now_ns - timeline.time_at(onset) > LATE_NS:
            step = self._partner.bars.step(self._partner.settings.grid)
            take.move(put_off(onset, timeline.tick_at(now_ns) + 1, step))

    def _remembered(
        self, take: Take | None, kept: list[Note], tick: int, whole: bool
    ) -> list[Effect]:
        """Have the engine remember what sounded, and nothing else."""
        as_made = take is not None and take.generation == self._partner.generation
        if self._stale is not None or take is None or not as_made or take.moved:
            return self._told_anew(kept)
        effects: list[Effect] = []
        if self._partner.takes > 1 and kept:
            effects = [Tell(Keep(SESSION_ID, take.generation, take.number))]
        if whole:
            return effects
        # Never before its start: what the player struck in this very tick stays.
        rewind = Rewind(SESSION_ID, max(tick, self.start))
        return [*effects, Tell(Cancel(SESSION_ID)), Tell(rewind)]

    def _told_anew(self, kept: list[Note]) -> list[Effect]:
        """Tell the engine of the exchange, from where it remembers otherwise."""
        begin, self._stale = self._stale, None
        told: list[Event] = [*events_of(kept)]
        if begin is not None:
            told = sorted([*self.history.phrase, *told], key=lambda event: event.tick)
            self._late = []  # they are of the phrase
        rewind = Rewind(SESSION_ID, self.start if begin is None else begin)
        heard = [Tell(Listen(SESSION_ID, tuple(told)))] if told else []
        return [Tell(Cancel(SESSION_ID)), Tell(rewind), *heard]

    def _move(self, now_ns: int, lead_ns: int = LEAD_NS) -> None:
        """The phrase counts as just played: what answers now follows it as the first answer did.

        Where there are bars, by whole bars.
        """
        settings, begin = self._partner.settings, self.history.begin_tick
        step = self._partner.bars.bar_ticks if settings.metre else 1
        ticks = self._partner.soonest(now_ns, lead_ns) - self.start
        by = max(0, -(-ticks // step) * step)
        self.history.add(self._late)
        if self._before is None or self._partner.timeline.tick_at(now_ns) >= self.start:
            self._before = self.history.place, self.start, self.until
        self.start, self.until = self.start + by, self.until + by
        self.history.move_phrase(by, self.start)
        self.history.answer, self._late = [], []
        if self._stale is None:
            self._stale = self.start - by if begin is None else begin


def sounded(notes: list[Note], tick: int) -> list[Note]:
    """What has sounded of some notes before a tick."""
    return [shortened(note, min(note.end, tick)) for note in notes if note.onset < tick]


def gaps(locked: Collection[int], bar: int, length: int) -> list[tuple[int, int]]:
    """What lies between locked bars of an answer, as (first tick, tick behind the last)."""
    free = [n for n in range(-(-length // bar)) if n not in locked]
    begins = [n for n in free if n - 1 not in free]
    ends = [n + 1 for n in free if n + 1 not in free]
    return [(a * bar, min(b * bar, length)) for a, b in zip(begins, ends, strict=True)]
