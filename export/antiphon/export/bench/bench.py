"""`antiphon bench`: everything that is measured, one after the other."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from antiphon.engine import bundle
from antiphon.engine import model as runtime

from ..progress import Progress
from . import child, genai, live, llama, ours, subject
from .child import Start, started
from .contender import Contender
from .decoding import Shape, decoded
from .live import Load
from .overhead import Overhead, measured
from .subject import Subject

ONE, MANY = 1, 16
ROUNDS = 7
FULL_MINUTES = 1.0
"""At most, of the full house."""


class Engine(Protocol):
    """A module of an engine that takes part."""

    NAME: str
    PACKAGES: tuple[str, ...]

    def contenders(self, subject: Subject, folder: Path) -> list[Contender]:
        """Its forms of a network."""


PEERS: tuple[Engine, ...] = (genai, llama)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure."""

    bundle: Path | None = None
    shape: str = "base"
    """Of a network of random weights that is timed beside it."""
    peers: bool = False
    """Whether those that are installed take part."""
    sessions: int = 32
    """Of the live load."""
    minutes: float = 1
    """Of the live load; 0 leaves it out."""
    rounds: int = ROUNDS


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured, in one run on one machine."""

    start: Start
    overheads: Sequence[Overhead]
    shapes: Mapping[str, Shape]
    """By the name of the network."""
    loads: Sequence[Load] = ()
    """As many players as were asked for, then more than there is room for."""
    notes: Sequence[str] = ()
    """What was left out, and why."""


def bench(plan: Plan) -> Findings:
    """Measure it all; what is going on is told on standard error. Blocks for minutes."""
    peers, notes = present(plan.peers)
    shipped = subject.shipped(plan.bundle)
    subjects = [shipped, subject.random(plan.shape, shipped.styles)]
    start = _start(plan)
    overheads = [_overhead(plan, sessions) for sessions in (ONE, MANY)]
    shapes = {s.name: shape(s, peers, plan.rounds) for s in subjects}
    return Findings(start, overheads, shapes, _loads(plan), notes)


def shape(subject: Subject, peers: Sequence[Engine], rounds: int) -> Shape:
    """One network in the hands of ourselves and some peers."""
    with tempfile.TemporaryDirectory(prefix="antiphon-bench-") as folder:
        contenders = ours.contenders(subject, Path(folder))
        for peer in peers:
            contenders += peer.contenders(subject, Path(folder))
        one, many = (decoded(subject, contenders, n, rounds) for n in (ONE, MANY))
    return Shape(subject.described, one, many)


def present(wanted: bool) -> tuple[list[Engine], list[str]]:
    """Those that take part, and what to say of the others."""
    if not wanted:
        return [], ["Other engines were left out: --peers has those take part that are installed."]
    lacking = {peer.NAME: _lacking(peer) for peer in PEERS}
    notes = [f"{name} was left out: {why}." for name, why in lacking.items() if why]
    return [peer for peer in PEERS if not lacking[peer.NAME]], notes


def _lacking(peer: Engine) -> str:
    """Why it cannot take part; empty if it can."""
    missing = [package for package in peer.PACKAGES if find_spec(package) is None]
    if missing:
        return f"{' and '.join(missing)} not installed"
    try:
        for package in peer.PACKAGES:
            import_module(package)
    except (ImportError, OSError, RuntimeError) as error:
        return f"it cannot be loaded ({error})"
    return ""


def _start(plan: Plan) -> Start:
    progress = Progress("starting", child.TIMES, sys.stderr)
    start = started(plan.bundle, progress.step)
    progress.end()
    return start


def _overhead(plan: Plan, sessions: int) -> Overhead:
    progress = Progress(f"beside the model, sessions: {sessions}", plan.rounds, sys.stderr)
    model = runtime.Model(bundle.load(plan.bundle))
    overhead = measured(model, sessions, plan.rounds, told=progress.step)
    progress.end()
    return overhead


def _loads(plan: Plan) -> list[Load]:
    if not plan.minutes:
        return []
    asked = _load(plan, plan.sessions, plan.minutes)
    full = _load(plan, None, min(plan.minutes, FULL_MINUTES))
    return [asked, full]


def _load(plan: Plan, sessions: int | None, minutes: float) -> Load:
    seconds = 60 * minutes
    progress = Progress(f"{sessions or 'too many'} players, seconds", round(seconds), sys.stderr)
    load = live.load(plan.bundle, sessions, seconds, told=progress.step)
    progress.end()
    return load
