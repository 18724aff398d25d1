"""Weights in 8 and 4 bits: packed as the runtime reads them, and rounded as well as can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from antiphon.export.network.quantise import BLOCK, DAMPING, Array, bits_of, dequantised, quantise

BITS = (8, 4)
MATRICES = arrays(
    np.float32, (3, 2 * BLOCK), elements=st.floats(-4, 4, width=32, allow_subnormal=False)
)


def plainly(packed: Array, scales: Array, bits: int) -> Array:
    """The slow obvious twin of `dequantised`: weight by weight, the earlier in the low half."""
    rows, blocks, _ = packed.shape
    matrix = np.zeros((rows, blocks * BLOCK), np.float32)
    for row, column in np.ndindex(matrix.shape):
        block, i = divmod(column, BLOCK)
        if bits == 8:
            whole = int(packed[row, block, i]) - 128
        else:
            byte = int(packed[row, block, i // 2])
            whole = (byte // 16 if i % 2 else byte % 16) - 8
        matrix[row, column] = whole * scales[row, block]
    return matrix


def fed(columns: int, count: int = 400, seed: int = 3) -> Array:
    """What a matrix is fed: numbers that go together, as activations do."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, columns // 4)) @ rng.normal(size=(columns // 4, columns))
    return np.asarray(x + 0.1 * rng.normal(size=(count, columns)))


@pytest.mark.parametrize("bits", BITS)
@given(matrix=MATRICES)
def test_bytes_and_scales_mean_what_they_plainly_say(bits: int, matrix: Array) -> None:
    packed, scales = quantise(matrix, bits)

    assert (packed.dtype.name, packed.shape) == ("uint8", (3, 2, BLOCK * bits // 8))
    assert (scales.dtype.name, scales.shape) == ("float32", (3, 2))
    np.testing.assert_array_equal(dequantised(packed, scales), plainly(packed, scales, bits))


@given(matrix=MATRICES)
def test_in_eight_bits_no_weight_is_off_by_more_than_half_a_step(matrix: Array) -> None:
    packed, scales = quantise(matrix, 8)
    error = np.abs(dequantised(packed, scales) - matrix).reshape(3, 2, BLOCK)

    assert (error <= 0.501 * scales[..., None] + 1e-12).all()


@given(matrix=MATRICES)
def test_what_was_in_eight_bits_gives_the_same_bytes_again(matrix: Array) -> None:
    packed, scales = quantise(matrix, 8)
    again, _ = quantise(dequantised(packed, scales), 8)

    np.testing.assert_array_equal(again, packed)


@given(matrix=MATRICES)
def test_in_four_bits_scales_are_at_least_as_good_as_those_that_reach_the_extreme(
    matrix: Array,
) -> None:
    blocks = matrix.reshape(-1, BLOCK).astype(np.float64)
    simple = 0.0
    for block in blocks:
        step = -block[np.abs(block).argmax()] / 8 or 1.0
        simple += sum((np.clip(np.rint(w / step), -8, 7) * step - w) ** 2 for w in block)
    ours = np.square(dequantised(*quantise(matrix, 4)) - matrix.astype(np.float64)).sum()

    assert ours**0.5 <= simple**0.5 + 1e-5  # scales are kept in 32 bits


def test_rounding_makes_good_what_earlier_columns_missed_as_least_squares_would() -> None:
    rng, x = np.random.default_rng(5), fed(BLOCK)
    matrix, seen = rng.normal(size=(4, BLOCK)), x.T @ x / len(x)
    packed, scales = quantise(matrix, 4, seen)

    damped = seen + (DAMPING * np.mean(np.diag(seen)) + 1e-12) * np.eye(BLOCK)
    left, expected = matrix.copy(), np.zeros_like(matrix)
    for k in range(BLOCK):  # behind the last there is nothing, and `solve` takes that too
        scale = scales[:, 0].astype(np.float64)
        expected[:, k] = np.clip(np.rint(left[:, k] / scale), -8, 7) * scale
        behind = slice(k + 1, None)
        best = np.linalg.solve(damped[behind, behind], damped[behind, k])
        left[:, behind] += np.outer(left[:, k] - expected[:, k], best)

    np.testing.assert_allclose(dequantised(packed, scales), expected, atol=1e-5)


def test_knowing_what_a_matrix_is_fed_halves_what_its_answers_lose() -> None:
    x = fed(4 * BLOCK)
    matrix = np.random.default_rng(6).normal(size=(16, 4 * BLOCK))

    def lost(seen: Array | None) -> float:
        return float(np.square(x @ (dequantised(*quantise(matrix, 4, seen)) - matrix).T).mean())

    assert lost(x.T @ x / len(x)) < 0.5 * lost(None)


def test_a_matrix_that_is_fed_nothing_is_rounded_all_the_same() -> None:
    matrix = np.random.default_rng(7).normal(size=(3, BLOCK))
    unfed = quantise(matrix, 4, np.zeros((BLOCK, BLOCK)))

    for here, there in zip(unfed, quantise(matrix, 4), strict=True):
        np.testing.assert_array_equal(here, there)


def test_what_four_bits_harm_most_stays_in_eight() -> None:
    names = ("qkv_3", "table", "gate_up_0", "down_5", "project")

    assert [bits_of(name, 4) for name in names] == [8, 8, 4, 4, 4]
    assert {bits_of(name, 8) for name in names} == {8}
    assert {bits_of(name, None) for name in names} == {None}
