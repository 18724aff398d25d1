"""What a training run begins with: the weights of another run, or of a bundle, styles added.

A bundle holds all that its network knew: tables in 32 bits, matrices in 8 bits. So the shipped
bundle is also the checkpoint that training goes on from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from safetensors import SafetensorError
from safetensors.torch import load_file

from antiphon.engine import bundle
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import INSTRUMENTS
from antiphon.engine.vocabulary import NOTE, STYLE

from .facts import weights_of
from .model import COMPANIONS, PITCHES, Config, Model
from .quantise import dequantised

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Origin:
    """A trained network, taken apart."""

    config: Config
    styles: tuple[str, ...]
    weights: Weights
    steps: list[tuple[float, float]] | None = None
    """How coarsely a bundle keeps keys and values; see `to_onnx.Steps`."""

    def network(self) -> Model:
        """The network, put together, ready to be judged."""
        model = Model(self.config)
        try:
            model.load_state_dict(self.weights)
        except RuntimeError:
            raise FileRefused("This network is of another form than this Antiphon's.") from None
        return model.eval()

    def knowing(self, styles: tuple[str, ...]) -> Origin:
        """The same with the styles of `styles` that it lacks added behind its own, untrained."""
        new = tuple(name for name in styles if name not in self.styles)
        size = self.config.vocabulary + len(new)
        grown = dict(self.weights)
        fresh = 0.02 * torch.randn(len(new), self.config.width, generator=torch.manual_seed(0))
        grown["own.weight"] = torch.cat([self.weights["own.weight"], fresh])
        grown["bias"] = torch.cat([self.weights["bias"], torch.zeros(len(new))])
        return replace(
            self,
            config=replace(self.config, vocabulary=size),
            styles=self.styles + new,
            weights=grown,
        )


def of(folder: Path) -> Origin:
    """What a run's or a bundle's folder holds; FileRefused if it is neither."""
    return of_bundle(bundle.load(folder)) if (folder / "bundle.json").exists() else of_run(folder)


def of_run(folder: Path) -> Origin:
    """What a training run has saved, as it was judged best; else as it is last.

    Raises FileRefused if `folder` holds none, or a damaged one.
    """
    try:
        plan = json.loads((folder / "config.json").read_text())
        weights = load_file(weights_of(folder))
        return Origin(Config(**plan["config"]), tuple(plan["styles"]), weights)
    except OSError:
        raise FileRefused(f"{folder} holds neither a training run nor a bundle.") from None
    except (ValueError, TypeError, KeyError, SafetensorError):
        raise FileRefused(f"{folder} holds a training run that is damaged.") from None


def of_bundle(written: bundle.Bundle) -> Origin:
    """What a bundle's graphs hold; matrices as near as 8 bits are."""
    graph = _Constants(written.graphs["model.onnx"])
    head = _Constants(written.graphs["velocity.onnx"])
    table = graph.table("token_rows")
    weights = {"own.weight": table, "bias": graph.table("bias")}
    for kin, rows in (("instrument", len(INSTRUMENTS)), ("pitch", PITCHES)):
        # The graph's table is their sum already: to the network they are all `own` from here on.
        weights[f"{kin}.weight"] = torch.zeros(rows, table.shape[1])
    weights["sounding.weight"] = graph.table("sounding_rows").T.contiguous()
    for name in COMPANIONS:
        weights[f"companions.{name}.weight"] = graph.table(f"{name}_rows")
    for i in range(written.about.shape.n_layers):
        for name in ("qkv", "out", "gate_up", "down"):
            weights[f"blocks.{i}.{name}.weight"] = graph.matrix(f"{name}_{i}")
    weights["project.weight"] = graph.matrix("project")
    weights["velocity_state.weight"] = graph.matrix("velocity")
    weights["velocity_note.weight"] = _solved(table[NOTE:STYLE], head.table("notes"))
    weights["velocity_out.weight"] = head.matrix("out")
    weights["velocity_out.bias"] = head.table("bias")
    steps = graph.steps(written.about.shape.n_layers)
    return Origin(_config(written, graph, weights), written.about.styles, weights, steps)


def _config(written: bundle.Bundle, graph: _Constants, weights: Weights) -> Config:
    shape = written.about.shape
    return Config(
        vocabulary=shape.vocabulary,
        width=weights["own.weight"].shape[1],
        n_layers=shape.n_layers,
        n_heads=graph.n_heads,
        n_kv_heads=shape.n_kv_heads,
        hidden=weights["blocks.0.down.weight"].shape[1],
        window=shape.window,
    )


def _solved(inputs: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    """The matrix that takes each input to its output: the bundle keeps only the products."""
    solution: torch.Tensor = torch.linalg.lstsq(inputs, outputs).solution
    return solution.T.contiguous()


class _Constants:
    """The constants of an ONNX graph, by name."""

    def __init__(self, content: bytes) -> None:
        graph = onnx.load_from_string(content).graph
        self._arrays: dict[str, npt.NDArray[Any]] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer
        }
        attributes = (a for node in graph.node for a in node.attribute)
        self.n_heads = next((a.i for a in attributes if a.name == "num_heads"), 0)
        """Query heads of its attention."""

    def table(self, name: str) -> torch.Tensor:
        """An array as it is."""
        return torch.from_numpy(self._arrays[name].copy())

    def steps(self, n_layers: int) -> list[tuple[float, float]] | None:
        """The sizes of a step of each layer's keys and values; None if they are in 32 bits."""
        if "key_step_0" not in self._arrays:
            return None
        sizes = ([float(self._arrays[f"{kind}_step_{i}"][0]) for kind in ("key", "value")]
                 for i in range(n_layers))  # fmt: skip
        return [(keys, values) for keys, values in sizes]

    def matrix(self, name: str) -> torch.Tensor:
        """A (N, K) matrix, from whatever precision it is stored in."""
        if name in self._arrays:
            return torch.from_numpy(np.ascontiguousarray(self._arrays[name].T))
        return torch.from_numpy(dequantised(self._arrays[f"{name}_q"], self._arrays[f"{name}_s"]))
