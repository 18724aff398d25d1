"""What each matrix of a network is fed while it reads music: all that rounding it well needs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..corpus.data import Corpus
from .model import Model
from .quantise import Array
from .windows import Sampler

BATCHES, SIZE, LENGTH = 3, 8, 512
"""Four times as many windows made nothing better."""


def seen_by(network: Model, corpus: Corpus, styles: tuple[str, ...]) -> dict[str, Array]:
    """Mean of x xᵀ (K, K) over the inputs x of each matrix, by its name in the graph.

    The music is windows as in training; `styles` are those of the network's vocabulary.
    """
    sums: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def note(name: str, inputs: Tensor) -> None:
        x = inputs.flatten(0, -2)
        sums[name] = sums.get(name, 0) + x.T @ x
        counts[name] = counts.get(name, 0) + len(x)

    hooks = [
        matrix.register_forward_pre_hook(lambda _, given, name=name: note(name, given[0]))
        for name, matrix in matrices(network).items()
    ]
    try:
        _read(network, corpus, styles)
    finally:
        for hook in hooks:
            hook.remove()
    return {name: (total / counts[name]).double().numpy() for name, total in sums.items()}


@torch.inference_mode()
def _read(network: Model, corpus: Corpus, styles: tuple[str, ...]) -> None:
    sampler, rng = Sampler(corpus, styles=styles), np.random.default_rng(0)
    for _ in range(BATCHES):
        network.losses(*map(torch.from_numpy, sampler.batch(rng, SIZE, LENGTH)))


def matrices(network: Model) -> dict[str, nn.Linear]:
    """The matrices that are stored in few bits, by their names in the graph."""
    inside = {
        f"{kind}_{i}": getattr(block, kind)
        for i, block in enumerate(network.blocks)
        for kind in ("qkv", "out", "gate_up", "down")
    }
    return {**inside, "project": network.project, "velocity": network.velocity_state}
