"""One network in every engine's hands: what a token costs, of one session and of many."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from antiphon.engine.errors import InternalError

from ..network.quantise import Array
from ..progress import Progress
from .contender import Contender, Form, Runner
from .floor import bytes_of_token, reading
from .race import Lap, race
from .subject import CONTEXT, Precision, Subject, tokens

STEPS, FEWEST = 32, 8
"""Tokens of a lap, of all sessions together; and of each at least. A lap takes milliseconds."""
PHRASES = 5
"""Rounds in which a phrase is fed."""
SAME = {32: 0.03, 8: 0.05, 4: 0.3}
"""Difference of logits, in parts of their spread, that is rounding, by the bits of a weight."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one contender; milliseconds of processor time."""

    step_ms: float
    """A token of each session."""
    floor_ms: float
    """Reading once what must be read for that."""
    phrase_ms: float | None = None
    """Feeding a phrase of 512 rows."""
    off: float | None = None
    """Root of the mean square difference of its logits to the network's, in parts of their spread;
    this and the one before are known of a single session.
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
    """Race all, with so many sessions each: those of like weights at a time, for they are compared.

    Blocks. InternalError if one holds another network.
    """
    heats = [[c for c in contenders if c.form.bits == bits] for bits in SAME]
    heats = [heat for heat in heats if heat]
    total = len(contenders) + len(heats) * (rounds + (PHRASES if sessions == 1 else 0))
    progress = Progress(f"{subject.name}, sessions: {sessions}", total, sys.stderr)
    lines = tokens(sessions, CONTEXT)
    expected = subject.logits(lines[[0, -1]])
    figures: dict[Form, Figures] = {}
    for heat in heats:
        figures |= _Heat(subject, lines, expected, heat, progress).figures(rounds)
    progress.end()
    return Decoding(sessions, figures)


class _Heat:
    """Contenders at work on the same lines, of the first and last of which logits are expected."""

    def __init__(
        self,
        subject: Subject,
        lines: Array,
        expected: Array,
        contenders: Sequence[Contender],
        progress: Progress,
    ) -> None:
        self._subject, self._sessions, self._progress = subject, len(lines), progress
        self._steps, self._expected = max(FEWEST, STEPS // len(lines)), expected
        fed = CONTEXT - 1 - self._steps
        self._runners: dict[Form, Runner] = {}
        for form, start in contenders:
            self._runners[form] = runner = start(lines, fed)
            _off(form, runner.logits(), self._expected[:, fed - 1])
            progress.step()

    def figures(self, rounds: int) -> dict[Form, Figures]:
        """Of each; those of a single session with what is known only of it."""
        laps: dict[Form | Precision, Lap] = {f: self._lap(r) for f, r in self._runners.items()}
        laps |= {f.precision: self._floor(f.precision) for f in self._runners}
        ms = race(laps, rounds, self._progress.step)
        alone = self._alone() if self._sessions == 1 else {}
        return {
            form: Figures(
                ms[form] / self._steps, ms[form.precision] / self._steps, *alone.get(form, ())
            )
            for form in self._runners
        }

    def _lap(self, runner: Runner) -> Lap:
        """From the same place each time; the first step is not timed."""

        def ready() -> None:
            runner.back()
            runner.step()

        return Lap(ready, partial(_often, runner.step, self._steps))

    def _floor(self, precision: Precision) -> Lap:
        read = reading(bytes_of_token(self._subject, precision, self._sessions))
        return Lap(read, partial(_often, read, self._steps))

    def _alone(self) -> dict[Form, tuple[float, float]]:
        """Time of a phrase, and how far the logits are off behind the last step."""
        off = {f: _off(f, r.logits(), self._expected[:, -1]) for f, r in self._runners.items()}
        laps = {f: Lap(lambda: None, runner.phrase) for f, runner in self._runners.items()}
        phrase = race(laps, PHRASES, self._progress.step)
        return {form: (phrase[form], off[form]) for form in self._runners}


def _often(action: Callable[[], object], times: int) -> None:
    for _ in range(times):
        action()


def _off(form: Form, logits: Array, expected: Array) -> float:
    off = float(np.sqrt(np.square(logits - expected).mean()) / expected.std())
    if not off <= SAME[form.bits]:
        raise InternalError(f"{form.name} does not hold our network: {off:.2g} off.")
    return off
