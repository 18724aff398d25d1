"""Whether a style that was asked for can be told from another one by what is played."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import msgspec
import numpy as np

from antiphon.engine.notes import TICKS_PER_BEAT
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.wishes import Blend

from ..corpus.data import Corpus
from ..corpus.table import Ints
from .classifier import Classifier, Floats, features, taught
from .conversation import Player
from .passage import Passage, piece_notes
from .targets import REAL, Figures

Sets = dict[str, Floats]
"""Features of passages of each style (N, F)."""
Pair = tuple[str, str]

STYLES = ("Chopin_F", "Bach_JS", "hymn", "string_quartet", "sacred_16xx", "pop")
"""Far from each other; those that a corpus and a model have are compared."""
FEWEST_PIECES = 30
MOST_PIECES = 150
"""Of a style that are read."""
SEEN = 2 / 3
"""Share of them that the classifier is taught with."""
TICKS = 80 * TICKS_PER_BEAT
"""Of an excerpt: 40 seconds at 120 beats a minute."""
FEWEST_NOTES = 20
SHARES = (0.25, 0.5, 0.75)
"""Of a blend. None and all of it are left out: they are told apart best, and no blends."""


class Examined(NamedTuple):
    """A classifier of two styles, and how often it is right on real pieces it has not seen."""

    classifier: Classifier
    right: float


def comparable(corpus: Corpus, known: Sequence[str]) -> list[str]:
    """Styles of `STYLES` that the model knows and the corpus has enough pieces of."""
    counts = {name: sum(name in p.styles for p in corpus.pieces) for name in STYLES}
    return [name for name in STYLES if name in known and counts[name] >= FEWEST_PIECES]


def real(corpus: Corpus, names: Sequence[str]) -> Sets:
    """Features of the beginnings of pieces of each style, in an order that is drawn.

    A style of whose pieces too few have notes enough is left out.
    """
    sets = {name: _real(corpus, name) for name in names}
    return {name: found for name, found in sets.items() if len(found) >= FEWEST_PIECES}


def followed(player: Player, teachers: Sets, each: int) -> Figures:
    """How well styles are told apart, and blended; so many passages are made in each. None if one.

    `teachers` are of real music. Chance is a half. The blend is of the two styles whose real music
    is told apart best.
    """
    names = list(teachers)
    if len(names) < 2:
        return {}
    sets = {name: _made(player, Open(1, styles=(name,)), each) for name in names}
    pairs = {
        pair: examined(teachers[pair[0]], teachers[pair[1]]) for pair in combinations(names, 2)
    }
    right = {pair: it.classifier.right(sets[pair[0]], sets[pair[1]]) for pair, it in pairs.items()}
    clearest = max(pairs, key=lambda pair: pairs[pair].right)
    return {
        "styles told apart": fmean(right.values()),
        f"styles told apart{REAL}": fmean(it.right for it in pairs.values()),
        **{" or ".join(pair): share for pair, share in right.items()},
        **{f"{' or '.join(pair)}{REAL}": it.right for pair, it in pairs.items()},
        **_blended(player, clearest, pairs[clearest].classifier, each),
    }


def examined(first: Floats, second: Floats) -> Examined:
    """A classifier taught with most of some features of two kinds, and tried on the others."""
    ends = round(SEEN * len(first)), round(SEEN * len(second))
    classifier = taught(first[: ends[0]], second[: ends[1]])
    return Examined(classifier, classifier.right(first[ends[0] :], second[ends[1] :]))


def _blended(player: Player, pair: Pair, classifier: Classifier, each: int) -> Figures:
    """How much is taken for the second style as the blend goes from a little to most of it."""
    first, second = pair
    scores = {
        share: classifier.second(_made(player, Open(1, blend=Blend(first, second, share)), each))
        for share in SHARES
    }
    means = {f"{s:.0%} {second}, else {first}": float(of.mean()) for s, of in scores.items()}
    return {**means, "blend follows its share": follows(scores)}


def follows(scores: Mapping[float, Floats]) -> float:
    """Correlation, over all passages, of a blend's share and its score; 0 if all score alike."""
    share = np.repeat(list(scores), [len(of) for of in scores.values()])
    score = np.concatenate(list(scores.values()))
    return float(np.corrcoef(share, score)[0, 1]) if np.ptp(score) else 0.0


def _real(corpus: Corpus, name: str) -> Floats:
    """Features of pieces of a style (N, F), or none."""
    pieces = [piece for piece in corpus.pieces if name in piece.styles]
    drawn = np.random.default_rng(1).permutation(len(pieces))[:MOST_PIECES]
    passages = [_excerpt(piece_notes(corpus, pieces[i])) for i in drawn]
    found = [features(p) for p in passages if len(p.notes) >= FEWEST_NOTES]
    return np.stack(found) if found else np.empty((0, 0))


def _made(player: Player, opened: Open, each: int) -> Floats:
    """Features of music from nothing, every passage with a seed of its own (N, F)."""
    request = Answer(1, 1, 0, TICKS, prompt=True)
    openings = [msgspec.structs.replace(opened, seed=seed) for seed in range(each)]
    return np.stack([features(_excerpt(player.answer(o, request).notes)) for o in openings])


def _excerpt(notes: Ints) -> Passage:
    """The beginning of some music. Of bars it knows nothing but beats: those are not made."""
    return Passage(notes, 0, TICKS, TICKS_PER_BEAT).cut(0, TICKS)
