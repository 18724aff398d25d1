"""The note-off contract: every note-on it lets out gets exactly one note-off, whatever happens.

It plans the model's notes in time and knows which of them sound; when the tempo changes all of it
moves along. It knows no port, no clock and nothing of the keys the player holds.
"""

from __future__ import annotations

from array import array
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from .timeline import Timeline

LATEST_NS = 50_000_000
"""A note-on later than this is dropped: a wrong moment is worse than a missing note."""

PLAN_CAPACITY = 4096
"""Notes planned at once. Answers reach a few seconds ahead, hence this is far beyond any music."""

LATENESS_CAPACITY = 4096
"""Messages remembered for lateness."""


class Sent(NamedTuple):
    """A message to send now."""

    wanted_ns: int
    """Monotonic nanoseconds at which it should have gone out."""
    message: bytes
    """Three MIDI bytes, a note-on (velocity 1..127) or a note-off."""
    generation: int
    """The generation of the answer its note came from."""


class _Planned(NamedTuple):
    on_ns: int
    order: int
    off_ns: int
    channel: int
    pitch: int
    velocity: int
    generation: int


class _Sounding(NamedTuple):
    off_ns: int
    channel: int
    pitch: int
    generation: int


class Percentiles(NamedTuple):
    """How late the latest messages left, in nanoseconds (0 when none has)."""

    total: int
    """Messages ever sent; the others are of those remembered."""
    p50_ns: int
    p95_ns: int
    p99_ns: int
    max_ns: int


class Lateness:
    """The wanted and done times of the latest messages, in a ring of fixed size."""

    def __init__(self, capacity: int = LATENESS_CAPACITY) -> None:
        self._wanted_ns = array("q", bytes(8 * capacity))
        self._done_ns = array("q", bytes(8 * capacity))
        self._capacity = capacity
        self._count = 0

    def note(self, wanted_ns: int, done_ns: int) -> None:
        """One message wanted at `wanted_ns` left at `done_ns`. [loop]"""
        at = self._count % self._capacity
        self._wanted_ns[at] = wanted_ns
        self._done_ns[at] = done_ns
        self._count += 1

    def latest(self) -> list[tuple[int, int]]:
        """(wanted, done) of the messages remembered, oldest first. Not for the loop."""
        kept = range(max(0, self._count - self._capacity), self._count)
        places = (index % self._capacity for index in kept)
        return [(self._wanted_ns[at], self._done_ns[at]) for at in places]

    def percentiles(self) -> Percentiles:
        """Lateness of the messages remembered. Not for the loop."""
        late = sorted(done - wanted for wanted, done in self.latest()) or [0]

        def at(percent: int) -> int:
            return late[min(len(late) - 1, len(late) * percent // 100)]

        return Percentiles(self._count, at(50), at(95), at(99), late[-1])


class Scheduler:
    """The plan of the model's notes, and the keys they hold down. For one thread: the loop's."""

    def __init__(self, capacity: int = PLAN_CAPACITY) -> None:
        self.lateness = Lateness()
        self.refused = 0
        """Notes not taken because the plan was full."""
        self.late = 0
        """Notes dropped, with their note-off, because their moment had passed."""
        self._capacity = capacity
        self._order = 0
        self._plan: list[_Planned] = []
        self._sounding: dict[tuple[int, int], _Sounding] = {}

    @property
    def planned(self) -> int:
        """Notes that wait for their moment. [loop]"""
        return len(self._plan)

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """(channel, pitch) of the keys held down now. [loop]"""
        return frozenset(self._sounding)

    def add(
        self,
        note_on_ns: int,
        note_off_ns: int,
        channel: int,
        pitch: int,
        velocity: int,
        generation: int,
    ) -> bool:
        """Plan one note; False, and counted, when the plan is full. [loop]

        Channel 0..15, pitch 0..127, velocity 1..127, off after on, else ValueError.
        """
        if not (0 <= channel <= 15 and 0 <= pitch <= 127 and 1 <= velocity <= 127):
            raise ValueError(f"no such note: {channel=} {pitch=} {velocity=}")
        if note_off_ns <= note_on_ns:
            raise ValueError(f"a note must end after its start: {note_on_ns} to {note_off_ns}")
        if len(self._plan) >= self._capacity:
            self.refused += 1
            return False
        # The running number keeps notes of one moment in the order given.
        self._order += 1
        planned = _Planned(
            note_on_ns, self._order, note_off_ns, channel, pitch, velocity, generation
        )
        heappush(self._plan, planned)
        return True

    def next_due_ns(self) -> int | None:
        """When the next message is wanted, None when nothing is planned or sounding. [loop]"""
        ending = self._next_ending()
        if not self._plan:
            return ending.off_ns if ending else None
        on_ns = self._plan[0].on_ns
        return min(on_ns, ending.off_ns) if ending else on_ns

    def due(self, now_ns: int) -> list[Sent]:
        """Everything wanted by `now_ns`, in order, note-offs first; each must be sent. [loop]"""
        result: list[Sent] = []
        while True:
            ending = self._next_ending()
            on_ns = self._plan[0].on_ns if self._plan else None
            if ending and ending.off_ns <= now_ns and (on_ns is None or ending.off_ns <= on_ns):
                result.append(self._end(ending, ending.off_ns))
            elif on_ns is not None and on_ns <= now_ns:
                self._begin(heappop(self._plan), now_ns, result)
            else:
                return result

    def cancel(self) -> int:
        """Drop every note that has not begun; those that sound keep their end. [loop]

        Returns how many were dropped.
        """
        dropped = len(self._plan)
        self._plan.clear()
        return dropped

    def recall(self, from_ns: int) -> int:
        """Drop every note that is to begin at `from_ns` or later; returns how many. [loop]"""
        kept = [note for note in self._plan if note.on_ns < from_ns]
        dropped = len(self._plan) - len(kept)
        heapify(kept)
        self._plan = kept
        return dropped

    def release(self, now_ns: int) -> list[Sent]:
        """Drop every note that has not begun and end those that sound, now. [loop]"""
        self.cancel()
        return [self._end(note, now_ns) for note in sorted(self._sounding.values())]

    def retime(self, before: Timeline, after: Timeline) -> None:
        """Move the plan, and the ends of what sounds, to another timeline: ticks are kept. [loop]

        Where the song jumps, `release` first: what sounds would end wherever its tick went.
        """

        def carried(ns: int) -> int:
            return before.carry(ns, after)

        for at, note in enumerate(self._plan):
            on_ns = carried(note.on_ns)
            # Within a tick that became shorter two moments may fall into one.
            off_ns = max(carried(note.off_ns), on_ns + 1)
            self._plan[at] = note._replace(on_ns=on_ns, off_ns=off_ns)
        heapify(self._plan)
        for key, sounding in self._sounding.items():
            self._sounding[key] = sounding._replace(off_ns=carried(sounding.off_ns))

    def done(self, sent: Sent, done_ns: int) -> None:
        """`sent` left at `done_ns`. [loop]"""
        self.lateness.note(sent.wanted_ns, done_ns)

    def _next_ending(self) -> _Sounding | None:
        # A scan, not a heap: ten fingers' worth of keys, and a retrigger leaves nothing stale.
        return min(self._sounding.values(), default=None)

    def _begin(self, note: _Planned, now_ns: int, result: list[Sent]) -> None:
        if now_ns - note.on_ns > LATEST_NS:
            self.late += 1
            return
        key = (note.channel, note.pitch)
        before = self._sounding.get(key)
        if before:
            result.append(self._end(before, note.on_ns))
        self._sounding[key] = _Sounding(note.off_ns, note.channel, note.pitch, note.generation)
        message = bytes((0x90 | note.channel, note.pitch, note.velocity))
        result.append(Sent(note.on_ns, message, note.generation))

    def _end(self, note: _Sounding, wanted_ns: int) -> Sent:
        del self._sounding[(note.channel, note.pitch)]
        return Sent(wanted_ns, bytes((0x80 | note.channel, note.pitch, 0)), note.generation)
