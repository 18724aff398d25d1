"""One draw from logits, against a slow obvious version; the odds are written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antiphon.engine.errors import InternalError
from antiphon.engine.sampling import draw, probabilities
from antiphon.engine.wishes import Feel

SIZE = 12
LOGITS = st.lists(st.integers(-40, 40).map(lambda n: n / 8), min_size=SIZE, max_size=SIZE)
MASKS = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE).filter(any)
FEELS = st.builds(
    Feel, st.floats(0.05, 4), st.floats(0.01, 1), st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.99])
)
UNIFORM = st.floats(0, 1, exclude_max=True)
HAIR = 1e-9
"""Two ways of summing may differ by less than this, so cases on the very edge say nothing."""


def obvious_draw(logits: list[float], feel: Feel, uniform: float, allowed: list[bool]) -> int:
    """Token by token, with plain numbers; skips cases a hair's breadth from an edge."""
    ids = [i for i in range(len(logits)) if allowed[i]]
    if feel.temperature == 0:
        return max(ids, key=lambda i: (logits[i], -i))
    weight = {i: math.exp(logits[i] / feel.temperature) for i in ids}
    share = {i: weight[i] / math.fsum(weight.values()) for i in ids}
    best = max(share.values())
    kept: list[int] = []
    held = 0.0
    for i in sorted(ids, key=lambda i: (-share[i], i)):
        assume(abs(held - feel.top_p) > HAIR)
        assume(abs(share[i] - feel.min_p * best) > HAIR or feel.min_p == 0)
        if held < feel.top_p and share[i] >= feel.min_p * best:
            kept.append(i)
        held += share[i]
    target = uniform * math.fsum(share[i] for i in kept)
    reached = 0.0
    for i in sorted(kept):
        reached += share[i]
        assume(abs(reached - target) > HAIR or i == max(kept))
        if target < reached:
            return i
    return max(kept)


@given(LOGITS, FEELS, UNIFORM, MASKS)
def test_the_draw_is_what_the_slow_way_draws(
    logits: list[float], feel: Feel, uniform: float, allowed: list[bool]
) -> None:
    drawn = draw(np.array(logits, np.float32), feel, uniform, np.array(allowed))
    assert drawn == obvious_draw(logits, feel, uniform, allowed)


@given(LOGITS, FEELS, UNIFORM, MASKS)
def test_what_is_masked_is_never_drawn(
    logits: list[float], feel: Feel, uniform: float, allowed: list[bool]
) -> None:
    assert allowed[draw(np.array(logits, np.float32), feel, uniform, np.array(allowed))]


@given(LOGITS, UNIFORM, MASKS)
def test_without_heat_the_likeliest_is_taken(
    logits: list[float], uniform: float, allowed: list[bool]
) -> None:
    drawn = draw(np.array(logits, np.float32), Feel(temperature=0), uniform, np.array(allowed))
    assert logits[drawn] == max(x for x, ok in zip(logits, allowed, strict=True) if ok)


def test_the_same_number_draws_the_same_token() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    logits = random.normal(size=2000).astype(np.float32)
    uniforms = random.random(50)
    first = [draw(logits, Feel(), u) for u in uniforms]

    assert [draw(logits, Feel(), u) for u in uniforms] == first


def test_tokens_come_as_often_as_they_are_likely() -> None:
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    random = np.random.Generator(np.random.PCG64(1))
    n = 20_000
    logits, feel = np.log(shares).astype(np.float32), Feel(1, 1, 0)
    counts = np.bincount([draw(logits, feel, u) for u in random.random(n)], minlength=4)

    # Five standard deviations: by chance one run in 400,000 strays further for each token.
    assert np.all(np.abs(counts - n * shares) < 5 * np.sqrt(n * shares * (1 - shares)))


@pytest.mark.parametrize(
    ("feel", "possible"),
    [
        (Feel(1, 1, 0), {0, 1, 2, 3}),
        (Feel(1, 0.5, 0), {0, 1}),
        (Feel(1, 0.4, 0), {0}),
        (Feel(1, 1, 0.5), {0, 1}),
        (Feel(1, 0.9, 0.2), {0, 1, 2}),
    ],
)
def test_the_tail_is_cut_where_the_feel_says(feel: Feel, possible: set[int]) -> None:
    logits = np.log(np.array([0.45, 0.3, 0.2, 0.05])).astype(np.float32)
    assert {draw(logits, feel, u) for u in np.linspace(0, 1, 500, endpoint=False)} == possible


def test_an_extreme_number_still_draws_something_likely() -> None:
    free = Feel(1, 1, 0)
    logits = np.array([0, -1e9, 3, -1e9], np.float32)
    assert draw(logits, free, float(np.nextafter(1, 0))) == 2
    assert draw(logits, free, 0.0) == 0


def test_a_mask_that_allows_nothing_is_our_fault() -> None:
    with pytest.raises(InternalError, match="no token"):
        draw(np.zeros(4, np.float32), Feel(), 0.5, np.zeros(4, np.bool_))


@given(LOGITS, st.floats(0.05, 4))
def test_probabilities_add_up_to_one(logits: list[float], temperature: float) -> None:
    mass = probabilities(np.array(logits, np.float32), temperature)
    assert mass.sum() == pytest.approx(1)
    assert np.all(mass >= 0)
