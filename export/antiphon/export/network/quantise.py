"""Weights in few bits, as `MatMulNBits` reads them: whole numbers, and a scale for each block.

A block is 32 weights of one row. In 8 bits rounding each weight to the nearest is good enough. In 4
it is not: there what rounding one column leaves out is made good by the columns behind it, as far
as what the matrix is fed allows (GPTQ, Frantar et al. 2022).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

PRECISIONS = (32, 8, 4)
"""Bits that weights can be stored in."""
BLOCK = 32
KEPT = ("qkv", "table")
"""Matrices that lose most in 4 bits: they stay in 8."""
SHRUNK = np.linspace(0.5, 1.15, 27)
"""Scales tried for a block of 4 bits, as parts of the one that just reaches its extreme."""
DAMPING = 0.01
"""Of the mean square of the inputs, added to each: keeps what was never fed from being undefined"""


def bits_of(name: str, bits: int | None) -> int | None:
    """Bits of the matrix `name` in a graph that is stored in `bits`; None is 32."""
    return 8 if bits == 4 and name.startswith(KEPT) else bits


def quantise(matrix: Array, bits: int = 8, seen: Array | None = None) -> tuple[Array, Array]:
    """A (N, K) matrix as bytes (N, K/32, 4·bits) and scales (N, K/32); `bits` is 8 or 4.

    `seen` (K, K) is the mean of x xᵀ over what the matrix is fed; without it every weight is
    rounded alone.
    """
    if seen is None:
        blocks = matrix.reshape(len(matrix), -1, BLOCK)
        scales = _scales(blocks, bits)
        whole = _rounded(blocks, scales, bits)
    else:
        whole, scales = _compensated(matrix, seen, bits)
    whole = whole.reshape(len(matrix), -1, BLOCK)
    return _packed(whole, bits), scales.reshape(len(matrix), -1).astype(np.float32)


def dequantised(packed: Array, scales: Array) -> Array:
    """The (N, K) matrix that `quantise` gave as bytes and scales."""
    if packed.shape[-1] == BLOCK:
        whole = packed.astype(np.float32) - 128
    else:
        pairs = np.stack([packed & 15, packed >> 4], axis=-1)
        whole = pairs.reshape(*packed.shape[:2], BLOCK).astype(np.float32) - 8
    restored: Array = whole * scales.reshape(*packed.shape[:2], 1)
    return restored.reshape(len(packed), -1)


def _packed(whole: Array, bits: int) -> Array:
    """Whole numbers around 0 as bytes: around 128, or two around 8, the earlier one below."""
    if bits == 8:
        return (whole + 128).astype(np.uint8)
    halves = (whole + 8).astype(np.uint8)
    packed: Array = halves[..., 0::2] | (halves[..., 1::2] << 4)
    return packed


def _scales(blocks: Array, bits: int) -> Array:
    """Scales (…, 1) of blocks (…, 32): in 4 bits those that leave out least."""
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(-1, keepdims=True), -1)
    if bits == 8:
        # The same weights give the same bytes again, so a bundle can be written from a bundle.
        return np.asarray(np.maximum(np.abs(extreme) / 127, 1e-12))
    reaching = np.where(extreme == 0, 1e-12, -extreme / 8)  # there is one more step below 0
    left_out = [
        np.square(_rounded(blocks, part * reaching, bits) * part * reaching - blocks).sum(-1)
        for part in SHRUNK
    ]
    best: Array = reaching * SHRUNK[np.argmin(left_out, axis=0)][..., None]
    return best


def _rounded(weights: Array, scales: Array, bits: int) -> Array:
    half = 1 << (bits - 1)
    rounded: Array = np.clip(np.rint(weights / scales), -half, half - 1)
    return rounded


def _compensated(matrix: Array, seen: Array, bits: int) -> tuple[Array, Array]:
    """Whole numbers (N, K) and scales (N, K/32), column by column."""
    left, spread = matrix.astype(np.float64), _spread(seen)
    whole, scales = np.empty_like(left), []
    for k in range(left.shape[1]):
        if k % BLOCK == 0:
            scales.append(_scales(left[:, k : k + BLOCK], bits))
        whole[:, k] = _rounded(left[:, k], scales[-1][:, 0], bits)
        missed = (left[:, k] - whole[:, k] * scales[-1][:, 0]) / spread[k, k]
        left[:, k + 1 :] -= np.outer(missed, spread[k, k + 1 :])
    return whole, np.hstack(scales)


def _spread(seen: Array) -> Array:
    """Row k says how columns behind k make good what column k misses: (K, K), upper triangle."""
    ridge = DAMPING * np.mean(np.diag(seen)) + 1e-12
    inverse = np.linalg.inv(seen.astype(np.float64) + ridge * np.eye(len(seen)))
    upper: Array = np.linalg.cholesky(inverse).T
    return upper
