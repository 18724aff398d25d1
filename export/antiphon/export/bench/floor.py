"""The floor of a token: every weight and all of the cache must be read once, and that takes time.

How fast this machine reads so many bytes is measured in the same race as everything else.
"""

from __future__ import annotations

import numpy as np

from ..network.calibration import matrices
from ..network.quantise import BLOCK, bits_of
from .race import Action
from .subject import CONTEXT, Precision, Subject


def bytes_of_token(subject: Subject, precision: Precision, sessions: int = 1) -> int:
    """Bytes that a step of so many sessions cannot do without: weights once, the cache of each."""
    return bytes_of_weights(subject, precision) + sessions * bytes_of_cache(subject, precision)


def bytes_of_weights(subject: Subject, precision: Precision) -> int:
    """All matrices that a token is multiplied with, scales included."""
    return sum(_bytes(name, size, precision.bits) for name, size in _sizes(subject).items())


def bytes_of_cache(subject: Subject, precision: Precision, rows: int = CONTEXT) -> int:
    """Keys and values of one session."""
    cfg = subject.config
    return 2 * cfg.n_layers * rows * cfg.n_kv_heads * cfg.head_width * precision.kept // 8


def reading(size: int) -> Action:
    """Reads so many bytes, in one pass and as fast as the processor can."""
    memory = np.ones(size, np.int8)
    return memory.max


def _sizes(subject: Subject) -> dict[str, int]:
    """Weights of each matrix, by its name in the graph."""
    network = subject.network
    sizes = {name: matrix.weight.numel() for name, matrix in matrices(network).items()}
    return sizes | {"table": network.own.weight.numel()}


def _bytes(name: str, weights: int, bits: int) -> int:
    stored = bits_of(name, bits if bits < 32 else None)
    return weights * 4 if stored is None else weights * stored // 8 + weights // BLOCK * 4
