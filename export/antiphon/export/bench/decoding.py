"""One network in every engine's hands: what a token costs, of one session and of many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from antiphon.engine.errors import InternalError

from ..network.quantise import Array
from ..progress import Progress
from .contender import Contender, Form, Runner
from .floor import bytes_of_token, reading
from .race import Action, race
from .subject import CONTEXT, Subject, tokens

TOKENS = 8
"""Timed in each round, behind one that is not."""
PHRASES = 3
"""Rounds in which a phrase is fed."""
SAME = 0.01
"""Difference of logits, in parts of their spread, that is rounding in 32 bits."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one contender; milliseconds of processor time."""

    step_ms: float
    """A token of each session."""
    floor_ms: float
    """Reading once what it must read for that."""
    phrase_ms: float | None = None
    """Feeding a phrase of 512 rows."""
    off: float | None = None
    """Root of the mean square difference of its logits to ours in 32 bits, in parts of their
    spread; this and the one before are known of a single session.
    """


@dataclass(frozen=True, slots=True)
class Decoding:
    """Everyone on one network, side by side."""

    sessions: int
    figures: Mapping[Form, Figures]

    def fastest(self, wanted: Callable[[Form], bool]) -> float | None:
        """The shortest step of those that are wanted; None if there is none."""
        steps = (of.step_ms for form, of in self.figures.items() if wanted(form))
        return min(steps, default=None)


@dataclass(frozen=True, slots=True)
class Shape:
    """What was found of one network."""

    described: str
    one: Decoding
    """A single session."""
    many: Decoding
    """Many in step."""


def decoded(
    subject: Subject, contenders: Sequence[Contender], sessions: int, rounds: int
) -> Decoding:
    """Race all, with so many sessions each. Blocks; InternalError if one holds another network."""
    progress = _progress(subject, len(contenders), sessions, rounds)
    lines, fed = tokens(sessions, CONTEXT), CONTEXT - rounds * (1 + TOKENS)
    runners = {}
    for form, start in contenders:
        runners[form] = start(lines, fed)
        progress.step()
    steps: dict[tuple[Form, bool], Action] = {(f, True): r.step for f, r in runners.items()}
    steps |= {(f, False): _floor(subject, f, sessions) for f in runners}
    ms = race(steps, rounds, TOKENS, progress.step)
    alone = _alone(runners, progress) if sessions == 1 else {}
    progress.end()
    return Decoding(
        sessions,
        {f: Figures(ms[f, True], ms[f, False], *alone.get(f, ())) for f in runners},
    )


def _progress(subject: Subject, contenders: int, sessions: int, rounds: int) -> Progress:
    total = contenders + rounds + (PHRASES if sessions == 1 else 0)
    return Progress(f"{subject.name}, sessions: {sessions}", total, sys.stderr)


def _floor(subject: Subject, form: Form, sessions: int) -> Action:
    return reading(bytes_of_token(subject, form.precision, sessions))


def _alone(runners: Mapping[Form, Runner], progress: Progress) -> dict[Form, tuple[float, float]]:
    """Time of a phrase, and how far the logits are off before it."""
    off = _off({form: runner.logits() for form, runner in runners.items()})
    phrase = race({f: r.phrase for f, r in runners.items()}, PHRASES, 1, progress.step)
    return {form: (phrase[form], off[form]) for form in runners}


def _off(logits: Mapping[Form, Array]) -> dict[Form, float]:
    ours = next(iter(logits.values()))
    off = {f: float(np.sqrt(np.square(of - ours).mean()) / ours.std()) for f, of in logits.items()}
    for form, difference in off.items():
        if form.bits == 32 and not difference <= SAME:
            raise InternalError(f"{form.name} does not hold our network: {difference:.2g} off.")
    return off
