"""A static model that listens: it counts what a line does, and expects it to do so again.

Pachet's Continuator, as a likelihood. The longest recent context that was met in this line before
says how far its own counts are to be trusted against the static model; that trust is learnt while
judging, one number for each length of context, and outlives the lines. Knows no music.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .ngrams import LONGEST, Floats, Lines

Followers = dict[int, int]


class Adapting:
    """Counts of the line so far beside the probabilities of a static model."""

    def __init__(self, longest: int = LONGEST - 1) -> None:
        self._longest = longest
        self._trust = {length: [1.0, 1.0] for length in range(longest + 1)}
        """How often the counts, and how often the static model, had it right."""
        self._line: list[int] = []
        self._met: dict[tuple[int, ...], Followers] = {}

    def likelihoods(self, lines: Lines, static: Floats) -> Floats:
        """Probability of each symbol of some lines, from what the static model gives each."""
        adapted = np.ones(len(static))
        for i, (symbol, place) in enumerate(zip(lines.symbols.tolist(), lines.place, strict=True)):
            if place == 0:
                self.begin(symbol)
            else:
                adapted[i] = self.judge(symbol, static[i])
                self.hear(symbol, static[i])
        return adapted

    def begin(self, mark: int) -> None:
        """A new line."""
        self._line, self._met = [mark], {}

    def judge(self, symbol: int, static: float) -> float:
        """Probability of a symbol that the static model gives so much."""
        length, counted = self._counted(symbol, static)
        trust = self._share(length)
        return trust * counted + (1 - trust) * static

    def hear(self, symbol: int, static: float) -> None:
        """Count a symbol that came, and learn whom to trust."""
        length, counted = self._counted(symbol, static)
        share = self._share(length)
        counts = share * counted / (share * counted + (1 - share) * static)
        self._trust[length][0] += counts
        self._trust[length][1] += 1 - counts
        for context in self._contexts():
            followers = self._met.setdefault(context, {})
            followers[symbol] = followers.get(symbol, 0) + 1
        self._line = [*self._line[1 - self._longest :], symbol]

    def _share(self, length: int) -> float:
        """Trust in the counts after a context of that length that was met."""
        counts, static = self._trust[length]
        return counts / (counts + static)

    def _counted(self, symbol: int, static: float) -> tuple[int, float]:
        """Length of the longest context met, and what the counts make of the symbol after it.

        Witten–Bell: a context gives as much to shorter ones as it has different followers; the
        shortest gives it to the static model.
        """
        length, p = 0, static
        for context in self._contexts():
            followers = self._met.get(context)
            if followers is None:
                break
            total, kinds = sum(followers.values()), len(followers)
            length, p = len(context), (followers.get(symbol, 0) + kinds * p) / (total + kinds)
        return length, p

    def _contexts(self) -> Iterator[tuple[int, ...]]:
        """The last 1, 2, … symbols."""
        line = tuple(self._line)
        return (line[-length:] for length in range(1, min(len(line), self._longest) + 1))
