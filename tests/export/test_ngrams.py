"""Kneser–Ney by hashes and sorting against Kneser–Ney by dictionaries and patience."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.export.baselines.ngrams import SELDOM, Lines, discounts, learn, packed, unpacked
from grams import distribution

SYMBOLS = 6
MARKS = (4, 5)
LONGEST = 4

Line = list[int]
LINES = st.lists(
    st.builds(
        lambda mark, body: [mark, *body],
        st.sampled_from(MARKS),
        st.lists(st.integers(0, 3), max_size=30),
    ),
    min_size=1,
    max_size=6,
).filter(lambda lines: sum(map(len, lines)) >= len(lines) + SELDOM)


def joined(lines: Sequence[Line]) -> Lines:
    return Lines.of([np.array(line) for line in lines])


class Slow:
    """The same, as it is written in books."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.met = [
            Counter(
                tuple(line[i - n : i]) for line in lines for i in range(n, len(line) + 1)
            )
            for n in range(LONGEST + 1)
        ]  # fmt: skip

    def count(self, gram: tuple[int, ...]) -> int:
        """How often it was met; of those that something may precede, after how many things."""
        if len(gram) == 1 and gram[0] in MARKS:
            return 0
        if len(gram) == LONGEST or gram[0] in MARKS:
            return self.met[len(gram)][gram]
        return sum(longer[1:] == gram for longer in self.met[len(gram) + 1])

    def off(self, gram: tuple[int, ...]) -> float:
        counts = np.array([self.count(other) for other in self.met[len(gram)]])
        return float(discounts(counts)[min(3, self.count(gram))])

    def likelihood(self, context: tuple[int, ...], symbol: int) -> float:
        context = context[1 - LONGEST :]
        less = self.likelihood(context[1:], symbol) if context else 1 / SYMBOLS
        after = [g for g in self.met[len(context) + 1] if g[:-1] == context and self.count(g)]
        if sum(self.met[len(context) + 1][gram] for gram in after) < SELDOM:
            return less
        total = sum(map(self.count, after))
        gram = (*context, symbol)
        own = self.count(gram) - self.off(gram) if gram in after else 0.0
        return (own + sum(map(self.off, after)) * less) / total


@given(LINES, LINES)
@settings(max_examples=40, deadline=None)
def test_likelihoods_are_those_of_the_slow_way(learnt: list[Line], judged: list[Line]) -> None:
    slow = Slow(learnt)
    expected = [
        slow.likelihood(tuple(line[:i]), line[i]) if i else 1.0
        for line in judged
        for i in range(len(line))
    ]

    found = learn(joined(learnt), SYMBOLS, LONGEST).likelihoods(joined(judged))

    assert found == pytest.approx(expected, rel=1e-5)


@given(LINES, LINES)
@settings(max_examples=40, deadline=None)
def test_whatever_was_heard_something_follows(learnt: list[Line], heard: list[Line]) -> None:
    ngrams = learn(joined(learnt), SYMBOLS)

    assert distribution(ngrams, np.array(heard[0])).sum() == pytest.approx(1, abs=1e-5)


def test_counts_are_lessened_as_chen_and_goodman_say() -> None:
    counts = np.array([0, 1, 1, 1, 1, 2, 2, 3, 4, 9])

    assert discounts(counts).tolist() == [0, 0.5, 1.25, 1.0]


def test_what_was_learnt_comes_back_from_its_arrays() -> None:
    lines = joined([[4, 0, 1, 2, 0, 1, 3], [5, 0, 1, 2]])
    ngrams = learn(lines, SYMBOLS)

    again = unpacked("some", packed("others", ngrams) | packed("some", ngrams))

    assert again.n_symbols == SYMBOLS
    assert np.array_equal(again.likelihoods(lines), ngrams.likelihoods(lines))
    with pytest.raises(KeyError):
        unpacked("none", packed("some", ngrams))


def test_a_phrase_heard_often_is_expected_again() -> None:
    ngrams = learn(joined([[4, *[0, 1, 2, 3, 3, 2] * 20]]), SYMBOLS)
    p = ngrams.likelihoods(joined([[4, 0, 1, 2, 3, 3, 2, 0, 1]]))

    assert p[3:].min() > 0.8
    assert distribution(ngrams, np.array([4, 0, 1])).argmax() == 2
