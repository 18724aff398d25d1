"""What a network does while it reads music, so far as rounding it well needs to know."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..corpus.data import Corpus
from .model import Config, Model
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


def steps_of(network: Model, corpus: Corpus, styles: tuple[str, ...]) -> list[tuple[float, float]]:
    """Of each layer a 127th of the furthest that its keys reach, and its values; as `seen_by`."""
    furthest: dict[str, list[float]] = {}

    def note(name: str, made: Tensor) -> None:
        now, before = _reached(made, network.cfg), furthest.get(name, [0.0, 0.0])
        furthest[name] = [max(pair) for pair in zip(now, before, strict=True)]

    packed = {name: m for name, m in matrices(network).items() if name.startswith("qkv")}
    hooks = [
        matrix.register_forward_hook(lambda _, __, made, name=name: note(name, made))
        for name, matrix in packed.items()
    ]
    try:
        _read(network, corpus, styles)
    finally:
        for hook in hooks:
            hook.remove()
    return [(furthest[name][0] / 127, furthest[name][1] / 127) for name in packed]


def _reached(made: Tensor, cfg: Config) -> tuple[float, float]:
    """How far keys and values reach, of packed queries, keys and values (…, (H + 2K) E).

    Positions turn keys in pairs of columns, so a pair's length is what a column may come to.
    """
    heads = made.view(*made.shape[:-1], -1, cfg.head_width)[..., cfg.n_heads :, :]
    keys, values = heads.chunk(2, dim=-2)
    pairs = torch.hypot(*keys.chunk(2, dim=-1))
    return float(pairs.max()), float(values.abs().max())


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
