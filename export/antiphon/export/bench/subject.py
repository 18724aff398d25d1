"""The networks that are timed, in a form that every engine can hold.

A peer knows tokens, blocks and a table, and nothing of what stands beside a token. So the last
projection is made the identity and the bias nothing, and the rows fed are notes without a length,
whose companions are unknown and of which none sounds. Shapes and costs stay; for peers the last
projection is left out, which is in their favour.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from antiphon.engine import bundle
from antiphon.engine.errors import UserError
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import NOTE, STYLE

from ..network import origin
from ..network.model import COMPANIONS, SHAPES, Block, Config, Model, config, norm
from ..network.quantise import Array
from ..network.to_onnx import Steps, write_bundle

CONTEXT = 1024
"""Rows behind the last token that is timed."""
SHARED = CONTEXT - 64
"""Rows with which the lines of all sessions begin alike."""
ROOM = 2048
"""Positions that a timed network knows."""
STEP = 0.05
"""Of keys and values of random weights: they lie within ±6, and steps are counted to ±127."""


class Precision(NamedTuple):
    """How a network is stored."""

    bits: int
    """Of a weight."""
    kept: int
    """Of keys and values."""


PRECISIONS = (
    Precision(32, 32), Precision(32, 8), Precision(8, 32), Precision(8, 8), Precision(4, 8),
)  # fmt: skip
RECOMMENDED = Precision(8, 8)


@dataclass(frozen=True)
class Subject:
    """A network, and the names its table ends with."""

    name: str
    network: Model
    styles: tuple[str, ...]
    steps: Steps

    @property
    def config(self) -> Config:
        """Its shape."""
        return self.network.cfg

    @property
    def described(self) -> str:
        """Its shape in a few words."""
        cfg, weights = self.config, sum(p.numel() for p in self.network.parameters())
        return (
            f"{self.name}: {weights / 1e6:.1f} M weights, {cfg.n_layers} layers of {cfg.width}, "
            f"{cfg.n_heads} heads on {cfg.n_kv_heads}, vocabulary {cfg.vocabulary}"
        )

    def written(self, folder: Path, precision: Precision) -> bundle.Bundle:
        """Its bundle in a precision, written below `folder` if it is not there yet."""
        place = folder / f"{self.name}-{precision.bits}-{precision.kept}"
        if (place / "bundle.json").exists():
            return bundle.load(place)
        return write_bundle(
            self.network, place, self.name, self.styles, context=ROOM,
            bits=precision.bits if precision.bits < 32 else None,
            steps=self.steps if precision.kept == 8 else None,
        )  # fmt: skip

    def logits(self, lines: Array) -> Array:
        """What the network itself says behind each of some tokens (N, T), in 32 bits (N, T, V)."""
        rows = torch.tensor([rows_of(line) for line in lines])
        with torch.inference_mode():
            logits: Array = self.network(rows).numpy()
        return logits

    def embedding(self) -> Array:
        """What a note's row becomes before the first block (V, D), if no column but its token is
        known.
        """
        network = self.network
        with torch.inference_mode():
            state = network.state_dict()
            beside = torch.stack([state[f"companions.{name}.weight"][0] for name in COMPANIONS])
            rows: Array = norm(network.table() + beside.sum(0)).numpy()
        return rows


def shipped(folder: Path | None = None) -> Subject:
    """The network of a bundle; the default one if no folder is given."""
    taken = origin.of_bundle(bundle.load(folder))
    steps = taken.steps or _steps(taken.config)
    return Subject("default", _plain(taken.network()), taken.styles, steps)


def random(name: str, styles: tuple[str, ...]) -> Subject:
    """A network of a shape of `SHAPES`, with random weights whose every block does something.

    UserError if there is no such shape.
    """
    if name not in SHAPES:
        raise UserError(f"There is no shape {name!r}: choose of {', '.join(SHAPES)}.")
    torch.manual_seed(1)
    network = Model(config(name, STYLE + len(styles)))
    with torch.no_grad():
        for block in network.blocks:
            assert isinstance(block, Block)
            for matrix in (block.out, block.down):
                torch.nn.init.normal_(matrix.weight, std=matrix.in_features**-0.5)
    return Subject(name, _plain(network.eval()), styles, _steps(network.cfg))


def tokens(sessions: int, rows: int) -> Array:
    """Notes (sessions, rows) that no length follows, the same at every call."""
    lines = np.random.default_rng(0).integers(NOTE, STYLE, size=(sessions, rows))
    lines[:, :SHARED] = lines[0, :SHARED]
    return lines


def rows_of(line: Array) -> list[Row]:
    """The rows of some tokens, nothing known beside them."""
    return [Row(int(token)) for token in line]


def _plain(network: Model) -> Model:
    """In a form that peers can hold; no peer forgets what lies within the context."""
    network.cfg = replace(network.cfg, window=max(network.cfg.window, CONTEXT))
    with torch.no_grad():
        network.project.weight.copy_(torch.eye(network.cfg.width))
        network.bias.zero_()
    return network


def _steps(cfg: Config) -> Steps:
    return [(STEP, STEP)] * cfg.n_layers
