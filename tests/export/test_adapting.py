"""Listening while judging: against a slow way that counts the whole line anew each time."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.export.baselines.adapting import Adapting
from antiphon.export.baselines.ngrams import Lines

SYMBOLS = 4
MARK = 4
LONGEST = 3
UNIFORM = 1 / SYMBOLS

LINES = st.lists(st.lists(st.integers(0, SYMBOLS - 1), max_size=25), min_size=1, max_size=3)


def joined(lines: list[list[int]]) -> Lines:
    return Lines.of([np.array([MARK, *line]) for line in lines])


def slowly(lines: list[list[int]], static: list[float]) -> list[float]:
    trust: dict[int, list[float]] = defaultdict(lambda: [1.0, 1.0])
    given_static, found = iter(static), []
    for line in lines:
        heard = [MARK]
        found.append(next(given_static))  # a mark's
        for symbol in line:
            p = q = next(given_static)
            longest = 0
            for length in range(min(LONGEST, len(heard)) + 1):
                context = heard[len(heard) - length :]
                places = range(max(1, length), len(heard))
                after = Counter(heard[i] for i in places if heard[i - length : i] == context)
                if not after:
                    break
                longest = length
                q = (after[symbol] + len(after) * q) / (after.total() + len(after))
            mine, other = trust[longest]
            share = mine / (mine + other)
            mixed = share * q + (1 - share) * p
            trust[longest][0] += share * q / mixed
            trust[longest][1] += 1 - share * q / mixed
            found.append(mixed)
            heard.append(symbol)
    return found


@given(LINES)
@settings(max_examples=50, deadline=None)
def test_likelihoods_are_those_of_the_slow_way(lines: list[list[int]]) -> None:
    together = joined(lines)
    static = np.random.default_rng(len(lines)).uniform(0.05, 0.9, len(together.symbols))

    found = Adapting(LONGEST).likelihoods(together, static)

    assert found == pytest.approx(slowly(lines, static.tolist()))


@given(LINES)
@settings(max_examples=50, deadline=None)
def test_wherever_a_line_has_come_to_something_follows(lines: list[list[int]]) -> None:
    listener = Adapting()
    listener.likelihoods(joined(lines), np.full(sum(map(len, lines)) + len(lines), UNIFORM))

    assert sum(listener.judge(s, UNIFORM) for s in range(SYMBOLS)) == pytest.approx(1)


def test_a_motif_heard_before_is_expected_but_not_in_another_line() -> None:
    listener = Adapting()
    motif = [0, 1, 3, 2, 2]
    listener.likelihoods(joined([motif * 20]), np.full(101, UNIFORM))
    assert listener.judge(motif[0], UNIFORM) > 0.9

    listener.begin(MARK)
    assert listener.judge(motif[0], UNIFORM) == UNIFORM


def test_who_never_hears_a_thing_twice_is_soon_taught_not_to_expect_it() -> None:
    rng = np.random.default_rng(7)
    listener = Adapting()
    noise = Lines.of([np.append(MARK, rng.integers(0, SYMBOLS, 400)) for _ in range(5)])

    found = listener.likelihoods(noise, np.full(len(noise.symbols), UNIFORM))

    # Random symbols cost two bits each; trusting the counts of a short context must not cost much.
    assert -np.log2(found[-400:]).mean() == pytest.approx(2, abs=0.1)
