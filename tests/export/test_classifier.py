"""Two kinds of made-up music, told apart by what they are like."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.export.audition.classifier import Floats, features, taught
from antiphon.export.audition.passage import Passage
from pieces import table


def music(rng: np.random.Generator, steps: list[int], ticks: int) -> Passage:
    """A walk in some steps, at some pace, from anywhere."""
    walk = rng.integers(50, 60) + np.cumsum(rng.choice(steps, 40)) % 24
    return Passage(table(walk.tolist(), ticks), 0, 40 * ticks, 48)


def kind(seed: int, steps: list[int], ticks: int = 24) -> Floats:
    rng = np.random.default_rng(seed)
    return np.stack([features(music(rng, steps, ticks)) for _ in range(40)])


def test_kinds_that_differ_in_their_steps_are_told_apart_in_music_not_seen() -> None:
    classifier = taught(kind(1, [1, -1, 2, -2]), kind(2, [5, -5, 7, -7]))
    stepwise, leaping = kind(3, [1, -1, 2, -2]), kind(4, [5, -5, 7, -7])

    assert classifier.right(stepwise, leaping) > 0.95
    assert classifier.right(leaping, stepwise) < 0.05
    assert classifier.second(stepwise).mean() < 0.3 < 0.7 < classifier.second(leaping).mean()


def test_what_is_the_same_cannot_be_told_apart() -> None:
    classifier = taught(kind(1, [1, -1, 2, -2]), kind(2, [1, -1, 2, -2]))

    # 80 throws of a coin: further from a half than this happens once in 3,000 times.
    assert classifier.right(kind(3, [1, -1, 2, -2]), kind(4, [1, -1, 2, -2])) == pytest.approx(
        0.5, abs=0.2
    )


def test_a_kind_that_is_rare_weighs_as_much_as_one_that_is_not() -> None:
    classifier = taught(kind(1, [1, -1, 2, -2]), kind(2, [1, -1, 2, -2], ticks=12)[:4])

    assert classifier.right(kind(3, [1, -1, 2, -2]), kind(4, [1, -1, 2, -2], ticks=12)) > 0.9


def test_but_for_register_the_key_does_not_matter() -> None:
    low = music(np.random.default_rng(1), [1, -3, 5], 24)
    high = low._replace(notes=low.notes + np.array([0, 0, 7, 0, 0]))

    np.testing.assert_array_equal(features(low)[:-2], features(high)[:-2])
    assert features(high)[-2] == pytest.approx(features(low)[-2] + 7 / 12)
