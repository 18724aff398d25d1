"""What n-grams make of every symbol, for tests."""

from __future__ import annotations

import numpy as np

from antiphon.export.baselines.ngrams import Floats, Ints, Lines, Ngrams


def distribution(ngrams: Ngrams, context: Ints) -> Floats:
    """Probability of every symbol after a context that begins with a mark, (n_symbols,)."""
    recent = context[-len(ngrams.levels) :]
    after = [np.append(recent, symbol) for symbol in range(ngrams.n_symbols)]
    return ngrams.likelihoods(Lines.of(after))[len(recent) :: len(recent) + 1]
