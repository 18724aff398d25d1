"""`antiphon bench`: everything that is measured, one after the other."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from antiphon.engine import bundle
from antiphon.engine import model as runtime

from ..progress import Progress
from . import genai, live, llama, ours, subject
from .contender import Contender
from .decoding import Shape, decoded
from .findings import Findings
from .live import Load
from .overhead import measured
from .starting import started
from .subject import Subject

ONE, MANY = 1, 16
ROUNDS = 7


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


def bench(plan: Plan) -> Findings:
    """Measure it all; what is going on is told on standard error. Blocks for minutes."""
    peers, notes = present(plan.peers)
    shipped = subject.shipped(plan.bundle)
    subjects = [shipped, subject.random(plan.shape, shipped.styles)]
    start = started(plan.bundle)
    model = runtime.Model(bundle.load(plan.bundle))
    overheads = [measured(model, sessions, plan.rounds) for sessions in (ONE, MANY)]
    shapes = {s.name: shape(s, peers, plan.rounds) for s in subjects}
    load = _load(plan) if plan.minutes else None
    return Findings(start, overheads, shapes, load, notes)


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
    there = [peer for peer in PEERS if not _missing(peer)]
    notes = [
        f"{peer.NAME} was left out: {' and '.join(_missing(peer))} not installed."
        for peer in PEERS
        if peer not in there
    ]
    return there, notes


def _missing(peer: Engine) -> list[str]:
    return [package for package in peer.PACKAGES if find_spec(package) is None]


def _load(plan: Plan) -> Load:
    seconds = 60 * plan.minutes
    progress = Progress("live load, seconds", round(seconds), sys.stderr)
    load = live.load(plan.bundle, plan.sessions, seconds, told=progress.step)
    progress.end()
    return load
