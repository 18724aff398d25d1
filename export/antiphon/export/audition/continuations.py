"""Answers to phrases of unseen pieces, and what they are judged by, beside what really followed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from antiphon.engine.notes import TICKS_PER_BEAT
from antiphon.engine.protocol import Answer

from . import copying, passage
from .conversation import Player, notes_of
from .key import pitch_classes, share_in
from .legality import illegal_mass
from .likeness import distances
from .passage import Passage
from .phrases import Phrase
from .targets import REAL, Figures

Measure = Callable[[Passage, Phrase], float | None]

LONG_NOTE = 16 * TICKS_PER_BEAT
SILENCE_S = 4.0
COPIED = 24
"""Notes in a row that may be those of a training piece."""
FEWEST_PITCHED = 8
"""Notes in a passage whose key is asked for."""


class Continued(NamedTuple):
    """A phrase and what the model made of it."""

    phrase: Phrase
    answer: Passage


def continued(player: Player, phrase: Phrase, seed: int) -> Continued:
    """The phrase heard and answered for as long as it was."""
    _, begin, until, bar = phrase.real
    request = Answer(1, 1, begin, until)
    notes = player.answer(phrase.opening(seed), request, phrase.heard.notes).notes
    return Continued(phrase, Passage(notes, begin, until, bar))


def continuations(pairs: Sequence[Continued]) -> Figures:
    """Shares of phrases, or of notes, that are as they should be; the real ones beside them.

    A measure is taken of the phrases where it can be of both.
    """
    figures: Figures = {}
    for name, measure in MEASURES.items():
        found = [(measure(p.answer, p.phrase), measure(p.phrase.real, p.phrase)) for p in pairs]
        judged = [both for both in found if None not in both]
        if judged:
            own, real = np.mean(np.array(judged, float), axis=0).tolist()
            figures |= {name: own, f"{name}{REAL}": real}
    in_key = [pair for pair in pairs if _keyed(pair.answer, pair.phrase)]
    in_key = [pair for pair in in_key if _keyed(pair.phrase.real, pair.phrase)]
    if in_key:
        figures["in key by chance"] = fmean(
            len(pitch_classes(pair.phrase.heard)) / 12 for pair in in_key
        )
    return figures | {"phrases judged for their key": len(in_key)}


def statistics(pairs: Sequence[Continued]) -> Figures:
    """Distances of answers to what really followed; as a floor, of the phrases to that."""
    heard = [pair.phrase.heard for pair in pairs]
    real = [pair.phrase.real for pair in pairs]
    own = distances([pair.answer for pair in pairs], real, heard)
    floor = distances(heard, real, heard)
    return own | {f"{name}{REAL}": value for name, value in floor.items()}


def copies(training: copying.Training, pairs: Sequence[Continued]) -> Figures:
    """How long the runs are that are shared with training, of answers and of what really came."""
    heard = [pair.phrase.heard.notes for pair in pairs]
    answers = [pair.answer.notes for pair in pairs]
    real = [pair.phrase.real.notes for pair in pairs]
    runs = copying.longest_runs(training, list(zip(answers + real, heard + heard, strict=True)))
    figures: Figures = {}
    for label, found in (("", runs[: len(pairs)]), (REAL, runs[len(pairs) :])):
        varied, plain = (np.array(column) for column in zip(*found, strict=True))
        figures[f"longest run{label}"] = float(varied.max())
        figures[f"mean longest run{label}"] = float(varied.mean())
        figures[f"answers with over {COPIED} notes{label}"] = float((varied > COPIED).mean())
        figures[f"longest plain run, up to {copying.PLAIN}{label}"] = float(plain.max())
    return figures


def legality(player: Player, phrases: Sequence[Phrase]) -> Figures:
    """Probability given to impossible tokens in the phrases."""
    masses = []
    for phrase in phrases:
        masses.append(illegal_mass(player.model, notes_of(phrase.heard.notes)))
        player.step()
    return {"illegal tokens": float(np.mean(masses)), "illegal tokens, worst": max(masses)}


def _in_key(answer: Passage, phrase: Phrase) -> float | None:
    return share_in(answer, pitch_classes(phrase.heard)) if _keyed(answer, phrase) else None


def _keyed(answer: Passage, phrase: Phrase) -> bool:
    return min(len(answer.pitched), len(phrase.heard.pitched)) >= FEWEST_PITCHED


def _as_dense(answer: Passage, phrase: Phrase) -> float:
    return float(0.5 <= passage.density_ratio(answer, phrase.heard) <= 2)


def _no_long_note(answer: Passage, phrase: Phrase) -> float:
    allowed = max(LONG_NOTE, passage.longest_note(phrase.heard))
    return float(passage.longest_note(answer) <= allowed)


def _over_in_a_bar(answer: Passage, _: Phrase) -> float:
    return float(passage.rings_on(answer) <= answer.bar)


def _no_silence(answer: Passage, phrase: Phrase) -> float:
    allowed = max(phrase.ticks(SILENCE_S), passage.longest_silence(phrase.heard))
    return float(passage.longest_silence(answer) <= allowed)


MEASURES: dict[str, Measure] = {
    "notes in key": _in_key,
    "as dense": _as_dense,
    "no hanging note": _no_long_note,
    "over in a bar": _over_in_a_bar,
    "no long silence": _no_silence,
}
"""Of a passage and the phrase before it; None where there is nothing to measure."""
