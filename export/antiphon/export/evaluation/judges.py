"""What a Markov model makes of a piece; the judges of networks and bundles are in `measure.py`."""

from __future__ import annotations

import numpy as np

from antiphon.engine.tokens import Column

from ..baselines.adapting import Adapting
from ..baselines.markov import Markov, velocity_lines
from ..baselines.ngrams import Floats, Ints, Lines, Ngrams
from ..corpus.data import Corpus, Piece
from ..network.measure import LIMIT, Bits, Judge, bits, rows_to_judge


def markov(model: Markov, adapting: bool = False, limit: int = LIMIT) -> Judge:
    """A Markov model, as it is or adapting to each piece as it goes through it.

    How far its own counts are to be trusted is learnt over all pieces, in the order they come.
    """
    of_tokens, of_velocities = (Adapting() if adapting else None for _ in range(2))

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        rows = rows_to_judge(corpus, piece, limit)
        token, velocity = rows[:, Column.TOKEN], rows[:, Column.VELOCITY]
        of_token = _spent(model.tokens, [token], of_tokens)
        of_velocity = _spent(model.velocities, velocity_lines(token, velocity), of_velocities)
        return bits(rows, of_token[1:], of_velocity)

    return judge


def _spent(ngrams: Ngrams, lines: list[Ints], memory: Adapting | None) -> Floats:
    """Bits for each symbol of some lines, laid end to end; none for their marks."""
    if not lines:
        return np.empty(0)
    joined = Lines.of(lines)
    likelihoods = ngrams.likelihoods(joined)
    return -np.log2(memory.likelihoods(joined, likelihoods) if memory else likelihoods)
