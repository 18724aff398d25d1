"""One draw from logits, against a slow obvious version; the odds are written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antiphon.engine.errors import InternalError
from antiphon.engine.sampling import COLDEST, FEW, Floats, Heat, draw, probabilities, reheat
from antiphon.engine.wishes import Feel

SIZE = 12
LOGITS = st.lists(st.integers(-40, 40).map(lambda n: n / 8), min_size=SIZE, max_size=SIZE)
MASKS = st.lists(st.booleans(), min_size=SIZE, max_size=SIZE).filter(any)
FEELS = st.builds(
    Feel, st.floats(0.05, 4), st.just(1) | st.floats(0.01, 1),
    st.sampled_from([0.0, 0.02, 0.1, 0.5, 0.99]), top_k=st.sampled_from([0, 0, 1, 2, 7, 100]),
)  # fmt: skip
UNIFORM = st.floats(0, 1, exclude_max=True)
HAIR = 1e-6
"""Two ways of rounding may differ by less than this, so cases on the very edge say nothing."""


def masked(logits: list[float], allowed: list[bool]) -> Floats:
    return np.where(allowed, np.array(logits, np.float32), -np.inf).astype(np.float32)


def obvious_draw(logits: list[float], feel: Feel, uniform: float, allowed: list[bool]) -> int:
    """One cut after the other, with plain numbers; skips cases a hair's breadth from an edge."""
    ids = [i for i in range(len(logits)) if allowed[i]]
    ids.sort(key=lambda i: (-logits[i], i))
    if feel.temperature == 0:
        return ids[0]
    weight = {i: math.exp((logits[i] - logits[ids[0]]) / feel.temperature) for i in ids}
    assume(all(abs(weight[i] - feel.min_p) > HAIR or feel.min_p == 0 for i in ids))
    ids = [i for i in ids if weight[i] >= feel.min_p]
    ids = nucleus(ids, weight, feel.top_p)
    ids = ids[: feel.top_k or None]
    target = uniform * math.fsum(weight[i] for i in ids)
    reached = 0.0
    for i in ids:
        reached += weight[i]
        assume(abs(reached - target) > HAIR or i == ids[-1])
        if target < reached:
            return i
    return ids[-1]


def nucleus(ids: list[int], weight: dict[int, float], top_p: float) -> list[int]:
    """The first that together hold so much of the weight; one at least."""
    enough = top_p * math.fsum(weight[i] for i in ids)
    held, kept = 0.0, []
    for i in ids:
        assume(abs(held - enough) > HAIR)
        if held < enough:
            kept.append(i)
        held += weight[i]
    return kept


@given(LOGITS, FEELS, UNIFORM, MASKS)
def test_the_draw_is_what_the_slow_way_draws(
    logits: list[float], feel: Feel, uniform: float, allowed: list[bool]
) -> None:
    drawn = draw(masked(logits, allowed), Heat.of(feel), uniform)
    assert drawn == obvious_draw(logits, feel, uniform, allowed)


@given(st.integers(0, 2**32), st.integers(2, 5 * FEW), FEELS, UNIFORM)
def test_of_many_it_is_what_the_slow_way_draws_too(
    seed: int, size: int, feel: Feel, uniform: float
) -> None:
    random = np.random.default_rng(seed)
    logits = (random.integers(-20, 20, size) / 8).tolist()
    allowed = (random.random(size) < 0.9).tolist()
    assume(any(allowed))

    drawn = draw(masked(logits, allowed), Heat.of(feel), uniform)

    assert drawn == obvious_draw(logits, feel, uniform, allowed)


@given(LOGITS, FEELS, UNIFORM, MASKS)
def test_what_is_masked_is_never_drawn(
    logits: list[float], feel: Feel, uniform: float, allowed: list[bool]
) -> None:
    assert allowed[draw(masked(logits, allowed), Heat.of(feel), uniform)]


@given(LOGITS, UNIFORM, MASKS, st.sampled_from([0, COLDEST / 2, 1e-300]))
def test_without_heat_the_likeliest_is_taken(
    logits: list[float], uniform: float, allowed: list[bool], temperature: float
) -> None:
    heat = Heat.of(Feel(temperature))
    drawn = draw(masked(logits, allowed), heat, uniform)
    assert heat.temperature == 0
    assert logits[drawn] == max(x for x, ok in zip(logits, allowed, strict=True) if ok)


def test_the_same_number_draws_the_same_token_wherever_its_logits_lie() -> None:
    random = np.random.Generator(np.random.PCG64(3))
    batch = random.normal(size=(16, 2001)).astype(np.float32)
    uniforms = random.random(50)
    for heat in (Heat.of(Feel()), Heat.of(Feel(1, 1, 0)), Heat.of(Feel(1, 0.9, 0, top_k=50))):
        for logits in batch:
            alone = [draw(logits.copy(), heat, u) for u in uniforms]
            assert [draw(logits, heat, u) for u in uniforms] == alone


def test_tokens_come_as_often_as_they_are_likely() -> None:
    shares = np.array([0.5, 0.3, 0.15, 0.05])
    random = np.random.Generator(np.random.PCG64(1))
    n = 20_000
    logits, heat = np.log(shares).astype(np.float32), Heat.of(Feel(1, 1, 0))
    counts = np.bincount([draw(logits, heat, u) for u in random.random(n)], minlength=4)

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
        (Feel(1, 1, 0, top_k=3), {0, 1, 2}),
        # Of 0.45 and 0.3, which min_p leaves, the first is 60 %: top_p looks at those two.
        (Feel(1, 0.59, 0.5), {0}),
        (Feel(1, 0.61, 0.5), {0, 1}),
        (Feel(1, 0.61, 0.5, top_k=1), {0}),
    ],
)
def test_the_tail_is_cut_where_the_feel_says(feel: Feel, possible: set[int]) -> None:
    logits = np.log(np.array([0.45, 0.3, 0.2, 0.05])).astype(np.float32)
    heat = Heat.of(feel)
    assert {draw(logits, heat, u) for u in np.linspace(0, 1, 500, endpoint=False)} == possible


def test_of_equals_the_first_are_kept() -> None:
    for size in (10, 10 * FEW):
        heat = Heat.of(Feel(1, 1, 0, top_k=5))
        kept = {draw(np.zeros(size, np.float32), heat, u) for u in np.linspace(0, 0.999, 100)}
        assert kept == set(range(5))


def test_an_extreme_number_still_draws_something_likely() -> None:
    for rest in (2, 3 * FEW):
        logits = np.array([0, *[-1e9] * rest, 3, *[-1e9] * rest], np.float32)
        assert draw(logits, Heat.of(Feel(1, 1, 0)), float(np.nextafter(1, 0))) in (0, rest + 1)
        assert draw(logits, Heat.of(Feel(1, 1, 0)), 0.0) == rest + 1


@pytest.mark.parametrize("logit", [-np.inf, np.nan])
def test_logits_that_allow_nothing_are_our_fault(logit: float) -> None:
    with pytest.raises(InternalError, match="no token"):
        draw(np.full(4, logit, np.float32), Heat.of(Feel()), 0.5)


BLOCKS = st.lists(st.integers(-40, 40).map(lambda n: n / 8), min_size=1, max_size=SIZE)
HEATS = st.sampled_from([0.1, 0.5, 0.95, 1, 2.5])


@given(BLOCKS, BLOCKS, HEATS, st.sampled_from([0, 0.3, 1, 1.7, 4]))
def test_heat_of_one_kind_changes_which_of_it_comes_and_not_how_often(
    kind: list[float], others: list[float], temperature: float, factor: float
) -> None:
    logits = np.array([*kind, *others], np.float32)
    before = probabilities(logits, temperature)
    reheat(logits[: len(kind)], temperature, factor)
    after = probabilities(logits, temperature)
    within = probabilities(np.array(kind, np.float32), max(temperature * factor, 1e-5))

    np.testing.assert_allclose(after[len(kind) :], before[len(kind) :], atol=1e-5)
    np.testing.assert_allclose(after[: len(kind)].sum(), before[: len(kind)].sum(), atol=1e-5)
    np.testing.assert_allclose(after[: len(kind)], within * before[: len(kind)].sum(), atol=1e-4)
    if factor == 1:
        np.testing.assert_allclose(after, before, atol=1e-5)


def test_what_is_masked_stays_so_however_hot_its_kind() -> None:
    logits = np.array([-np.inf, 1, 2, -np.inf], np.float32)
    reheat(logits, 1, 4)
    assert np.isinf(logits).tolist() == [True, False, False, True]
    nothing = np.full(3, -np.inf, np.float32)
    reheat(nothing, 1, 4)
    assert np.isinf(nothing).all()


@given(LOGITS, st.floats(0.05, 4))
def test_probabilities_add_up_to_one(logits: list[float], temperature: float) -> None:
    mass = probabilities(np.array(logits, np.float32), temperature)
    assert mass.sum() == pytest.approx(1)
    assert np.all(mass >= 0)
