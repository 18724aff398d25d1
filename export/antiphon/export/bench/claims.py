"""What is claimed of the engine's speed, and whether a run bears it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from . import llama, ours
from .bench import Findings
from .child import Start
from .contender import Form
from .decoding import Decoding, Shape
from .live import LATE_MS, Load
from .overhead import Overhead
from .subject import PRECISIONS, RECOMMENDED, Precision

EVEN = 1.05
"""What one and the same thing may differ by when it is timed twice."""
FASTER, MANY_FASTER = 1.3, 2.0
FLOOR = {Precision(32, 32): 1.5, RECOMMENDED: 2.0}
"""Times the floor, by precision."""
BESIDE = {1: 0.10, 16: 0.20}
"""Part of a token's time that is not the model's, by sessions."""
READY_S, MEMORY_MB = 1.5, 300.0
FLOATS = 16
"""Bits from which keys and values are floats: what every peer keeps unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure and what it must be."""

    text: str
    measured: float
    limit: float
    at_least: bool = False
    """Whether `limit` is the least it may be; else it is the most."""

    @property
    def holds(self) -> bool:
        """Whether it is so."""
        over, under = self.measured >= self.limit, self.measured <= self.limit
        return over if self.at_least else under

    def line(self) -> str:
        """For a terminal."""
        bound = "at least" if self.at_least else "at most"
        verdict = "yes" if self.holds else "NO "
        return f"{verdict}  {self.measured:8.2f}, {bound} {self.limit:g}: {self.text}"


def of(found: Findings) -> list[Claim]:
    """All that can be said of a run."""
    claims = [claim for name, shape in found.shapes.items() for claim in _shape(name, shape)]
    claims += [_beside(overhead) for overhead in found.overheads if overhead.sessions in BESIDE]
    claims += _start(found.start)
    if found.loads:
        claims += _asked(found.loads[0])
    return claims + [claim for load in found.loads for claim in _live(load)]


def _shape(name: str, shape: Shape) -> Iterator[Claim]:
    for form, figures in shape.one.figures.items():
        if form.engine == ours.NAME and form.precision in FLOOR:
            text = f"{name}, {form.bits} bit: a token's time over that of reading its bytes"
            yield Claim(text, figures.step_ms / figures.floor_ms, FLOOR[form.precision])
    for bits in sorted({p.bits for p in PRECISIONS}, reverse=True):
        yield from _beside_peers(name, shape.one, bits)
    yield from _recommended(name, shape)


def _beside_peers(name: str, one: Decoding, bits: int) -> Iterator[Claim]:
    own = one.fastest(lambda f: f.engine == ours.NAME and f.bits == bits)
    peer = one.fastest(lambda f: f.engine != ours.NAME and f.bits == bits)
    if own and peer:
        text = f"{name}, {bits} bit: a token's time over the fastest peer's"
        yield Claim(text, own / peer, EVEN)


def _recommended(name: str, shape: Shape) -> Iterator[Claim]:
    """How much faster what ships is than peers as they come."""

    def is_ours(form: Form) -> bool:
        return form.engine == ours.NAME and form.precision == RECOMMENDED

    def is_usual(form: Form) -> bool:
        return form.engine != ours.NAME and form.bits == RECOMMENDED.bits and form.kept >= FLOATS

    own, peer = shape.one.fastest(is_ours), shape.one.fastest(is_usual)
    if own and peer:
        text = f"{name}, 8 bit, cache 8: times as fast as the fastest 8 bit peer with a float cache"
        yield Claim(text, peer / own, FASTER, at_least=True)
    own = shape.many.fastest(is_ours)
    peer = shape.many.fastest(lambda f: f.engine == llama.NAME and f.bits == RECOMMENDED.bits)
    if own and peer:
        text = f"{name}, 8 bit, {shape.many.sessions} sessions: throughput over llama.cpp's best"
        yield Claim(text, peer / own, MANY_FASTER, at_least=True)


def _beside(overhead: Overhead) -> Claim:
    text = f"sessions: {overhead.sessions}; part of a token's time that is not the model's"
    return Claim(text, overhead.share, BESIDE[overhead.sessions])


def _start(start: Start) -> list[Claim]:
    return [
        Claim("seconds from start to ready", start.ready_s, READY_S),
        Claim("MB resident when ready", start.memory_mb, MEMORY_MB),
    ]


def _asked(load: Load) -> list[Claim]:
    """Of the players that were asked for: all are let in."""
    return [Claim(f"{load.sessions} live sessions: refused", load.refused, 0)]


def _live(load: Load) -> list[Claim]:
    who = f"{load.sessions} live sessions, room for {load.room}"
    wrongly = abs(load.refused - max(0, load.sessions - load.room))
    return [
        Claim(f"{who}: let in without room, or refused with room", wrongly, 0),
        Claim(f"{who}: answers", load.answers, load.sessions - load.refused, at_least=True),
        Claim(f"{who}: times that a due note was not there", load.dry, 0),
        Claim(f"{who}: ms to the first note of the slowest answer", load.start_ms["max"], LATE_MS),
        Claim(f"{who}: MB resident", load.memory_mb, MEMORY_MB),
    ]
