"""Logits to a token: a mask, then heat, then a cut of the tail, then one draw from a seeded source.

Pure NumPy over one row of logits. The draw is by inverting the cumulative sum with one uniform
number, so the same logits, mask and number always give the same token.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .errors import InternalError
from .wishes import Feel

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def draw(logits: Floats, feel: Feel, uniform: float, allowed: Mask | None = None) -> int:
    """One token id; `uniform` in [0, 1) decides. InternalError if `allowed` allows nothing."""
    masked = logits if allowed is None else np.where(allowed, logits, -np.inf)
    best = int(masked.argmax())
    if masked[best] == -np.inf:
        raise InternalError("The constraints leave no token to play.")
    if feel.temperature == 0:
        return best
    return _pick(_kept(probabilities(masked, feel.temperature), feel), uniform)


def probabilities(logits: Floats, temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Softmax in double precision, so that the sum does not depend on the order of tokens."""
    scaled = (logits.astype(np.float64) - float(logits.max())) / temperature
    mass: npt.NDArray[np.float64] = np.exp(scaled)
    mass /= mass.sum()
    return mass


def _kept(mass: npt.NDArray[np.float64], feel: Feel) -> npt.NDArray[np.float64]:
    """The distribution with its tail set to zero; the likeliest token always stays."""
    likely = np.flatnonzero(mass >= feel.min_p * mass.max())
    order = likely[np.argsort(-mass[likely], kind="stable")]
    before = np.cumsum(mass[order]) - mass[order]
    kept = order[before < feel.top_p]
    result = np.zeros_like(mass)
    result[kept] = mass[kept]
    return result


def _pick(mass: npt.NDArray[np.float64], uniform: float) -> int:
    edges = np.cumsum(mass)
    at = int(np.searchsorted(edges, uniform * edges[-1], side="right"))
    return min(at, int(np.flatnonzero(mass)[-1]))
