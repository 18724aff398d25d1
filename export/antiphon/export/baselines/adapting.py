"""A static model that listens: it counts what a line does, and expects it to do so again.

Pachet's Continuator, as a likelihood. How far the counts are to be trusted depends on how much of
what just happened has happened before in this line: for each length of match a trust is learnt
while judging, and outlives the lines. Knows no music.
"""

from __future__ import annotations

from collections.abc import Iterator

from .ngrams import Floats, Lines

LONGEST = 16
"""Symbols that a match is looked for; 8 cost 0.06 bits a note more."""

Context = tuple[int, ...]


class Adapting:
    """Counts of the line so far beside the probabilities of a static model."""

    def __init__(self, longest: int = LONGEST) -> None:
        self._longest = longest
        self._trust = [[1.0, 1.0] for _ in range(longest + 1)]
        """How often the counts, and how often the static model, had it right."""
        self.begin(0)

    def likelihoods(self, lines: Lines, static: Floats) -> Floats:
        """Probability of each symbol from what the static model gives it; marks keep theirs."""
        adapted = static.copy()
        symbols, places = lines.symbols.tolist(), lines.place.tolist()
        for i, (symbol, place, p) in enumerate(zip(symbols, places, static.tolist(), strict=True)):
            if place == 0:
                self.begin(symbol)
            else:
                adapted[i] = self.judge(symbol, p)
                self.hear(symbol, p)
        return adapted

    def begin(self, mark: int) -> None:
        """A new line."""
        self._recent: Context = (mark,)
        self._followers: dict[Context, dict[int, int]] = {}
        self._totals: dict[Context, int] = {}

    def judge(self, symbol: int, static: float) -> float:
        """Probability of a symbol that the static model gives so much."""
        length, counted = self._counted(symbol, static)
        trust = self._share(length)
        return trust * counted + (1 - trust) * static

    def hear(self, symbol: int, static: float) -> None:
        """Count a symbol that came, and learn whom to trust."""
        length, counted = self._counted(symbol, static)
        share = self._share(length)
        due = share * counted / (share * counted + (1 - share) * static)
        self._trust[length][0] += due
        self._trust[length][1] += 1 - due
        for context in self._contexts():
            followers = self._followers.setdefault(context, {})
            followers[symbol] = followers.get(symbol, 0) + 1
            self._totals[context] = self._totals.get(context, 0) + 1
        self._recent = (*self._recent, symbol)[-self._longest :]

    def _share(self, length: int) -> float:
        """Trust in the counts after a match of that length."""
        counts, static = self._trust[length]
        return counts / (counts + static)

    def _counted(self, symbol: int, static: float) -> tuple[int, float]:
        """Length of the longest match, and what the counts make of the symbol after it.

        Witten–Bell: a context leaves as much to the next shorter one as it has had different
        followers; the empty one leaves it to the static model.
        """
        length, p = 0, static
        for context in self._contexts():
            followers = self._followers.get(context)
            if followers is None:
                break
            total, kinds = self._totals[context], len(followers)
            length, p = len(context), (followers.get(symbol, 0) + kinds * p) / (total + kinds)
        return length, p

    def _contexts(self) -> Iterator[Context]:
        """The last 0, 1, 2, … symbols."""
        recent = self._recent
        return (recent[begin:] for begin in range(len(recent), -1, -1))
