"""Places in the network's memory, one a session: fed in chunks or in step, rewound, given back.

A place holds the keys and values of the last rows fed, oldest first, at least as many as attention
reaches. The work of attention grows with what is held, so every `SLIDE` rows the oldest move out,
to a tape from which they come back when rows are taken back.

    tape  … ▒▒▒▒▒▒▒▒│████████████████████░░   place: held, room to grow
                  first               length

Rows are numbered from 0 at the place's first, and where it slides depends on that number alone:
the same rows give the same bits, however they came. Prefill and decode round differently, so a row
is told which of them it is; within each neither the size of a chunk nor who else is in the batch
changes a bit (measured, and tested).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from . import memory
from .bundle import Shape
from .errors import InternalError
from .graph import Arrays, Call, Graph
from .sounding import Sounding
from .tokens import Column, Row
from .vocabulary import NOTE, VELOCITY_BINS

Floats = npt.NDArray[np.float32]
Lines = npt.NDArray[np.generic]
"""Keys and values, (2 layers, places, heads, rows, E)."""

PITCHES = 128
CHUNK = 8
"""Most rows of one prefill: behind much music a row costs as much in chunks of 32 (within 4 %, in
8 bits), and others wait for a quarter of the time."""
CALL = 4
"""Rows that cost what a call costs beside its rows."""
SLIDE = 128
"""Rows that move out at once."""
TAPE = 8 * SLIDE
"""Rows that can come back."""
ROOM = SLIDE + 1
"""Rows that come in before a slide, and one that a lone row's companion is written to."""
KEPT_FREE = 5
"""One place in so many is left to who needs it."""
MOST_CALLS = 64
"""Ranges of places whose call stays bound: 28 KB each, and 0.1 ms to bind anew."""
IDLE = 2
"""Idle places between two busy ones that a batch takes along: cheaper than a second call."""


def reach_of(shape: Shape) -> int:
    """Rows behind a slide that are held: all that attention reaches."""
    return -(-shape.window // SLIDE) * SLIDE


def bytes_of_place(graph: Graph, shape: Shape) -> int:
    """Memory of one place with its tape, once both are full."""
    rows = reach_of(shape) + ROOM + TAPE
    line = shape.n_kv_heads * shape.head_width * graph.kind_of("past_key_0").itemsize
    return 2 * shape.n_layers * rows * line


class Pool:
    """All places of one network. [inference thread]"""

    def __init__(self, graph: Graph, velocity: Graph, shape: Shape, places: int) -> None:
        self.shape, self._graph, self._velocity = shape, graph, velocity
        self.reach = reach_of(shape)
        """Rows behind a slide that are held."""
        self._names = [f"{kind}_{i}" for i in range(shape.n_layers) for kind in ("key", "value")]
        kind = graph.kind_of("past_key_0")
        layers, line = len(self._names), (shape.n_kv_heads, shape.head_width)
        rows = self.reach + ROOM
        self.held: Lines = memory.zeros((layers, places, line[0], rows, line[1]), kind)
        self.tape: Lines = memory.zeros((layers, places, line[0], TAPE, line[1]), kind)
        self.logits: Floats = np.zeros((places, shape.vocabulary), np.float32)
        self.states: Floats = np.zeros((places, shape.velocity_width), np.float32)
        self._step = _Feed(places, 1)
        self._out = (np.zeros_like(self.logits), np.zeros_like(self.states))
        self._chunks = [_Feed(1, size) for size in range(CHUNK + 1)]
        self._decodes: dict[tuple[int, int], Call] = {}
        self._prefills: dict[int, Call] = {}
        self._free = list(range(places - 1, -1, -1))
        self._lent: WeakSet[Slot] = WeakSet()
        """Who has a place that can be taken back."""
        self.prefilled = 0
        """Rows prefilled so far; a call counts as `CALL` at least."""

    @property
    def free(self) -> int:
        """Places that nobody has, or that can be taken back."""
        return len(self._free) + len(self._lent)

    @property
    def can_lend(self) -> bool:
        """Whether so many are free that one can be done without."""
        return len(self._free) * KEPT_FREE > len(self.logits)

    def lend(self) -> Slot:
        """A place that is taken back when no other is free, unless it is kept before."""
        slot = self.slot()
        self._lent.add(slot)
        return slot

    def keep(self, slot: Slot) -> None:
        """What was lent is taken back no more."""
        self._lent.discard(slot)

    def slot(self) -> Slot:
        """The lowest free place, empty. InternalError if there is none."""
        if not self._free and self._lent:
            self._lent.pop().give_back()
        if not self._free:
            raise InternalError("All places of the cache are taken.")
        place = min(self._free)
        self._free.remove(place)
        return Slot(self, place)

    def give_back(self, place: int) -> None:
        """A place is free again."""
        self._free.append(place)
        self._step.idle(place)

    def decode(self, fed: Sequence[tuple[Slot, Row]]) -> None:
        """Feed each of some slots its next row, all in step; their logits then speak of the next.

        Blocks for as long as the longest takes, not for all one after the other.
        """
        for slot, row in fed:
            slot.slide()
            self._step.put(slot.place, [row], slot.hear([row]), slot.length, slot.first)
        for begin, end in _spans(sorted(slot.place for slot, _ in fed)):
            self._decode(begin, end)
        for slot, _ in fed:
            slot.length += 1
            self._step.idle(slot.place, slot.length, slot.first)
            for result, out in zip((self.logits, self.states), self._out, strict=True):
                result[slot.place] = out[slot.place]

    def _decode(self, begin: int, end: int) -> None:
        call = self._decodes.get((begin, end))
        if call is None:
            inputs = self._step.inputs(begin, end) | self._past("past", begin, end)
            call = self._graph.call(inputs, self._outputs(self._out, begin, end))
            if len(self._decodes) == MOST_CALLS:
                del self._decodes[next(iter(self._decodes))]
            self._decodes[begin, end] = call
        self._step.total[0] = self._step.seqlens[begin:end].max() + 1
        call.run()

    def prefill(self, slot: Slot, rows: Sequence[Row]) -> None:
        """Feed a slot 1 to `CHUNK` rows between two slides."""
        # A lone row would be rounded as decode does: it is given a companion that is not kept.
        feed = self._chunks[max(2, len(rows))]
        feed.put(0, rows, slot.hear(rows), slot.length, slot.first)
        feed.last[...] = len(rows) - 1
        feed.total[0] = feed.seqlens[0] + 1
        inputs = feed.inputs(0, 1)
        call = self._prefills.get(slot.place)
        if call is None:
            at = (slot.place, slot.place + 1)
            outputs = self._outputs((self.logits, self.states), *at)
            call = self._graph.call(inputs | self._past("past", *at), outputs)
            self._prefills[slot.place] = call
        call.bind(inputs)
        call.run()
        slot.length += len(rows)
        self.prefilled += max(CALL, len(rows))
        self._step.idle(slot.place, slot.length, slot.first)

    def velocity_logits(self, place: int, note: int) -> Floats:
        """Logits (8,) of the velocity bin of a note token drawn at a place."""
        state = self.states[place : place + 1]
        feeds: Arrays = {"velocity_state": state, "note": np.array([note - NOTE], np.int64)}
        logits = np.asarray(self._velocity.run(feeds), np.float32)
        assert logits.shape == (1, VELOCITY_BINS)
        of_note: Floats = logits[0]
        return of_note

    def _past(self, name: str, begin: int, end: int) -> dict[str, npt.NDArray[np.generic]]:
        return {f"{name}_{line}": self.held[i, begin:end] for i, line in enumerate(self._names)}

    def _outputs(
        self, out: tuple[Floats, Floats], begin: int, end: int
    ) -> dict[str, npt.NDArray[np.generic]]:
        logits, states = (array[begin:end] for array in out)
        own = {"logits": logits, "velocity_state": states}
        return own | self._past("present", begin, end)


class Slot:
    """One place, and what is known of the rows fed to it. Given back when nobody holds it."""

    def __init__(self, pool: Pool, place: int) -> None:
        self._pool, self.place = pool, place
        self.gone = False
        """Whether its place was taken back."""
        self.length = 0
        """Rows fed."""
        self.first = 0
        """The first row held."""
        self._lost = 0
        """Rows below this one are not on the tape any more."""
        self._sounding = [Sounding()]
        self._sounding_from = 0
        """What sounds behind that many rows, and behind each after them."""
        self.logits: Floats = pool.logits[place]
        """Logits of the token after the last row fed (V,)."""

    def __del__(self) -> None:
        self.give_back()

    def give_back(self) -> None:
        """The place is free again; nothing can be done with this slot any more."""
        if not self.gone:
            self.gone = True
            self._pool.give_back(self.place)

    @property
    def context(self) -> int:
        """Rows that can be fed in all."""
        return self._pool.shape.context

    def prefill(self, rows: Sequence[Row]) -> None:
        """Append 1 to `CHUNK` rows that are known; blocks for one call, over a slide two."""
        if not 0 < len(rows) <= min(CHUNK, self.context - self.length - 1):
            raise InternalError(f"{len(rows)} rows do not fit behind {self.length}.")
        here = SLIDE - self.length % SLIDE
        for part in (rows[:here], rows[here:]):
            if part:
                self.slide()
                self._pool.prefill(self, part)

    def decode(self, row: Row) -> None:
        """Append one row that was drawn; the same as `Pool.decode` for this slot alone."""
        self._pool.decode([(self, row)])

    def velocity_logits(self, note: int) -> Floats:
        """Logits (8,) of the velocity bin of note token `note`, drawn after the last row fed."""
        return self._pool.velocity_logits(self.place, note)

    def reaches(self, length: int) -> bool:
        """Whether it can go back to so many rows."""
        return self._base_of(length) >= self._lost

    def rewind(self, length: int) -> None:
        """Forget all rows from index `length` on. Costs nothing; `logits` are stale till a feed."""
        if not 0 <= length <= self.length or not self.reaches(length):
            raise InternalError(f"Cannot rewind {self.length} rows to {length}.")
        self.length = length
        del self._sounding[length - self._sounding_from + 1 :]

    @property
    def has_neighbour(self) -> bool:
        """Whether enough places are free for one that could be done without."""
        return self._pool.can_lend

    def neighbour(self) -> Slot:
        """Another place, empty; `gone` when somebody else needs it, until `keep`."""
        return self._pool.lend()

    def keep(self) -> None:
        """A neighbour no more: the place is not taken back."""
        self._pool.keep(self)

    def fork(self) -> Slot:
        """Another place that holds the same. Costs a copy of what is held, under a millisecond."""
        other, pool = self._pool.slot(), self._pool
        other.length, other.first, other._lost = self.length, self.first, self._lost
        other._sounding, other._sounding_from = self._sounding[:], self._sounding_from
        pool.held[:, other.place] = pool.held[:, self.place]
        pool.tape[:, other.place] = pool.tape[:, self.place]
        pool.logits[other.place] = pool.logits[self.place]
        pool.states[other.place] = pool.states[self.place]
        pool._step.idle(other.place, other.length, other.first)
        return other

    def restart(self) -> None:
        """Forget everything."""
        self.length = self.first = self._lost = self._sounding_from = 0
        self._sounding = [Sounding()]

    def pretend(self, length: int) -> None:
        """Count as so many rows fed, whatever they are: to measure how long a step takes."""
        self.restart()
        self.length, self.first = length, self._base_of(length)
        self._sounding = [Sounding()] * (length + 1)

    def slide(self) -> None:
        """Hold what the next row needs."""
        base = self._base_of(self.length)
        held, tape = (array[:, self.place] for array in (self._pool.held, self._pool.tape))
        while self.first < base:
            at = self.first % TAPE
            tape[:, :, at : at + SLIDE] = held[:, :, :SLIDE]
            held[:, :, :-SLIDE] = held[:, :, SLIDE:]
            self.first += SLIDE
            self._lost = max(self._lost, self.first - TAPE)
            self._trim()
        while self.first > base:
            self.first -= SLIDE
            at = self.first % TAPE
            held[:, :, SLIDE:] = held[:, :, :-SLIDE]
            held[:, :, :SLIDE] = tape[:, :, at : at + SLIDE]

    def _base_of(self, length: int) -> int:
        return max(0, length // SLIDE * SLIDE - self._pool.reach)

    def hear(self, rows: Iterable[Row]) -> list[Sounding]:
        """Note what sounds behind each row."""
        begin = len(self._sounding)
        for row in rows:
            self._sounding.append(self._sounding[-1].after(row.token))
        return self._sounding[begin:]

    def _trim(self) -> None:
        """Let go of what sounded where nobody can go back to."""
        gone = self._lost - self._sounding_from
        if gone > TAPE:
            del self._sounding[:gone]
            self._sounding_from = self._lost


class _Feed:
    """Arrays that calls of `size` rows a place read; they never move."""

    def __init__(self, places: int, size: int) -> None:
        self.rows = np.zeros((places, size, len(Column)), np.int64)
        self.sounding = np.zeros((places, size, PITCHES), np.float32)
        self.positions = np.zeros((places, size), np.int64)
        self.seqlens = np.zeros(places, np.int32)
        self.total = np.zeros(1, np.int32)
        self.last = np.zeros((), np.int64)

    def inputs(self, begin: int, end: int) -> dict[str, npt.NDArray[np.generic]]:
        """What places `begin` to `end` are fed."""
        of_place: Arrays = {
            "rows": self.rows, "sounding": self.sounding, "positions": self.positions,
            "seqlens_k": self.seqlens,
        }  # fmt: skip
        shared: Arrays = {"total_sequence_length": self.total, "last": self.last}
        return {**{name: array[begin:end] for name, array in of_place.items()}, **shared}

    def put(
        self, place: int, rows: Sequence[Row], sounding: list[Sounding], length: int, first: int
    ) -> None:
        """Rows of a place that held `length` rows, the first of them `first`."""
        self.rows[place, : len(rows)] = rows
        self.sounding[place] = 0
        for i, now in enumerate(sounding):
            for _, pitch in now.held:
                self.sounding[place, i, pitch] = 1
        size = self.positions.shape[1]
        self.positions[place] = range(length, length + size)
        self.seqlens[place] = length - first + size - 1

    def idle(self, place: int, length: int = 0, first: int = 0) -> None:
        """A place that is only taken along: what is written behind its last row is overwritten."""
        self.positions[place] = length
        self.seqlens[place] = length - first


def _spans(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges (begin, end) that cover some places, in ascending order, with few idle among them."""
    begin = last = places[0]
    for place in places[1:]:
        if place - last > IDLE + 1:
            yield begin, last + 1
            begin = place
        last = place
    yield begin, last + 1
