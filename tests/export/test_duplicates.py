"""The same music is found again in another key, at another speed, with slips; other is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.export.corpus import duplicates
from antiphon.export.corpus.duplicates import KIN, SAME, Pair, families, pairs, signature
from antiphon.export.corpus.table import Ints
from tunes import transposed, tune


def shared(a: Ints, b: Ints) -> float:
    """What is found of two pieces, 0 if nothing."""
    found = list(pairs([signature(a), signature(b)]))
    return found[0].shared if found else 0.0


def exactly_shared(a: Ints, b: Ints) -> float:
    """The slow way: sets of phrases."""
    one, other = (set(duplicates._phrases(notes).tolist()) for notes in (a, b))
    return len(one & other) / len(one | other)


@given(st.integers(0, 1000), st.integers(-12, 12), st.sampled_from([1, 2, 3]))
@settings(max_examples=20)
def test_neither_key_nor_note_values_matter(seed: int, key: int, slower: int) -> None:
    notes = transposed(tune(seed), key)
    notes[:, [0, 3]] *= slower
    assert shared(tune(seed), notes) == 1


def test_other_music_is_not_the_same() -> None:
    assert list(pairs([signature(tune(seed)) for seed in range(40)])) == []


@pytest.mark.parametrize("slips", [5, 10, 20, 40])
def test_slips_cost_what_they_change(slips: int) -> None:
    rng = np.random.default_rng(slips)
    notes = transposed(tune(1), 5)
    notes[rng.choice(len(notes), slips, replace=False), 2] += 30
    # The estimate has a standard deviation of at most 0.041 (150 places): four of them.
    exact = exactly_shared(tune(1), notes)
    assert exact < 1
    assert shared(tune(1), notes) == pytest.approx(exact if exact >= KIN else 0, abs=0.165)


def test_a_piece_with_another_half_is_akin_but_not_the_same() -> None:
    end = tune(2)
    end[:, [0, 3]] += tune(1)[-1, 3]
    both = np.concatenate([tune(1), end])
    assert KIN <= exactly_shared(tune(1), both) < SAME
    assert 0.3 < shared(tune(1), both) < SAME + 0.1


def test_what_is_too_short_resembles_nothing() -> None:
    assert shared(tune(1, 20), tune(1, 20)) == 0
    assert len(signature(tune(1, 3))) == 0


def test_a_thousand_of_a_kind_are_one_family() -> None:
    same = [signature(tune(1))] * 1000
    assert set(families(1000, pairs(same))) == {0}


def test_relations_make_families_over_others() -> None:
    related = [Pair(1, 3, 0.7), Pair(3, 4, 0.7), Pair(0, 5, 0.4)]
    assert families(6, related) == [0, 1, 2, 1, 1, 0]
