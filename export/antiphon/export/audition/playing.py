"""The model plays: what it answers to phrases, and what it does when asked for something.

All of it is made by the engine as it plays live, with fixed seeds: the same bundle, the same
figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from antiphon.engine.model import Model
from antiphon.engine.wishes import Feel

from ..corpus.data import Corpus
from ..progress import Progress
from .continuations import continuations, continued, copies, legality, statistics
from .conversation import Player
from .copying import Training, steps
from .endings import endings
from .entering import entrances
from .passage import piece_notes
from .phrases import Phrase, phrases
from .styles import SHARES, comparable, followed, real
from .targets import Sections

USUAL_FEEL = Feel()


def audition(
    model: Model,
    valid: Corpus,
    train: Corpus,
    count: int,
    stream: TextIO,
    feel: Feel = USUAL_FEEL,
) -> Sections:
    """Figures by section and name, of so many pieces of each kind; progress goes to `stream`.

    60 take about five minutes of processor time. Of each style half as many are played.
    """
    asked = phrases(valid, count)
    teachers = real(train, comparable(train, model.vocabulary.styles))
    each = max(1, count // 2)
    progress = Progress("playing", _answers(count, len(asked), len(teachers), each), stream)
    player = Player(model, feel, progress.step)
    sections = _answering(player, asked, train)
    sections["controls"] = {
        **entrances(player, count),
        **endings(player, count),
        **followed(player, teachers, each),
    }
    progress.end()
    return sections


def _answers(count: int, n_phrases: int, n_styles: int, each: int) -> int:
    """How often the player will be asked; phrases are also judged by law, which is as slow."""
    in_styles = (n_styles + len(SHARES)) * each if n_styles > 1 else 0
    return 2 * n_phrases + 2 * count + in_styles


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
