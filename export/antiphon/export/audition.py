"""The model plays: what it answers to phrases, and what it does when asked for something.

All of it is made by the engine as it plays live, with fixed seeds: the same bundle, the same
figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

from antiphon.engine.model import Model
from antiphon.engine.wishes import Feel

from .continuations import continuations, continued, copies, legality, statistics
from .conversation import Player
from .copying import Training, steps
from .data import Corpus
from .endings import endings
from .entering import entrances
from .passage import piece_notes
from .phrases import Phrase, phrases
from .progress import Progress
from .styles import SHARES, comparable, followed
from .targets import Sections


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is played."""

    phrases: int = 60
    pieces: int = 50
    """For each control."""
    each_style: int = 25


USUAL = Counts()
USUAL_FEEL = Feel()


def audition(
    model: Model,
    valid: Corpus,
    train: Corpus,
    stream: TextIO,
    counts: Counts = USUAL,
    feel: Feel = USUAL_FEEL,
) -> Sections:
    """Figures by section and name; some minutes' work, told on `stream`."""
    asked = phrases(valid, counts.phrases)
    names = comparable(train, model.vocabulary.styles)
    progress = Progress("playing", _answers(counts, len(asked), len(names)), stream)
    player = Player(model, feel, progress.step)
    sections = _answering(player, asked, train)
    sections["controls"] = {
        **entrances(player, counts.pieces),
        **endings(player, counts.pieces),
        **followed(player, train, names, counts.each_style),
    }
    progress.end()
    return sections


def _answers(counts: Counts, n_phrases: int, n_styles: int) -> int:
    """How often the player will be asked; phrases are also judged by law, which is as slow."""
    in_styles = (n_styles + len(SHARES)) * counts.each_style if n_styles > 1 else 0
    return 2 * n_phrases + 2 * counts.pieces + in_styles


def _answering(player: Player, asked: Sequence[Phrase], train: Corpus) -> Sections:
    """What is to be said of the answers to some phrases; nothing if there are none."""
    if not asked:
        return {}
    pairs = [continued(player, phrase, seed) for seed, phrase in enumerate(asked)]
    training = Training(steps(piece_notes(train, piece)) for piece in train.pieces)
    return {
        "continuations": continuations(pairs),
        "copying": copies(training, pairs),
        "statistics": statistics(pairs) | legality(player, asked),
    }
