"""Torch to a bundle: the graphs written op by op, weights in 32, 8 or 4 bits.

The graph is written by hand because the ops that make decoding fast (GroupQueryAttention on a
shared buffer, MatMulNBits) are not what any tracer emits. `parity.py` then holds it against torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from antiphon.engine import bundle
from antiphon.engine.tokens import Column
from antiphon.engine.vocabulary import NOTE, STYLE

from ..wholefile import blaming
from .model import (
    COMPANIONS,
    MOST_SHARE,
    NORM_EPSILON,
    PITCHES,
    VELOCITY_WIDTH,
    Config,
    Model,
    rotary_rates,
)
from .quantise import BLOCK, KEPT, Array, bits_of, quantise

CONTEXT = 8192
"""Positions that rows can stand at; the tables of their turns are worked out when it is loaded."""
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
IR_VERSION = 10
Steps = Sequence[tuple[float, float]]
"""Of each layer the sizes of a step of its keys and of its values, in 8 bits."""
CONTRIBUTED = (
    "GroupQueryAttention", "MatMulNBits", "QuickGelu", "SkipSimplifiedLayerNormalization",
)  # fmt: skip
"""Ops that ONNX Runtime has beside the standard's."""


@dataclass
class Graph:
    """Nodes and weights of a graph in the making; values are named by what they hold."""

    bits: int | None
    """8 or 4 for MatMulNBits weights, None for fp32."""
    seen: Mapping[str, Array] = field(default_factory=dict)
    """What matrices are fed, for rounding them to 4 bits; see `quantise`."""
    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)

    def op(self, kind: str, inputs: list[str], outputs: str | list[str], **attributes: Any) -> str:
        """Add a node; returns its first output."""
        outputs = [outputs] if isinstance(outputs, str) else outputs
        domain = "com.microsoft" if kind in CONTRIBUTED else ""
        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def weight(self, name: str, array: Array) -> str:
        """Add a constant; returns its name."""
        self.weights.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def linear(self, x: str, name: str, matrix: Array) -> str:
        """`x @ matrix.T` for a (N, K) matrix, in the graph's precision."""
        bits = bits_of(name, self.bits)
        if bits is None:
            return self.op("MatMul", [x, self.weight(name, matrix.T)], f"{name}_out")
        packed, scales = quantise(matrix, bits, self.seen.get(name) if bits == 4 else None)
        inputs = [x, self.weight(f"{name}_q", packed), self.weight(f"{name}_s", scales)]
        rows, columns = matrix.shape
        # Level 4 rounds what comes in to 8 bits too; level 0 is slower than 8 bits at 4, and has
        # no kernel at all at 8.
        return self.op(
            "MatMulNBits", inputs, f"{name}_out",
            K=columns, N=rows, bits=bits, block_size=BLOCK, accuracy_level=4,
        )  # fmt: skip

    def norm(self, x: str, out: str, width: int) -> str:
        """RMSNorm without gains."""
        ones = f"ones_{width}"
        if all(w.name != ones for w in self.weights):
            self.weight(ones, np.ones(width, np.float32))
        return self.op(
            "SimplifiedLayerNormalization", [x, ones], out, axis=-1, epsilon=NORM_EPSILON
        )

    def serialised(self, name: str, inputs: list[Any], outputs: list[Any]) -> bytes:
        """The graph as ONNX bytes, checked."""
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.weights)
        model = helper.make_model(graph, opset_imports=OPSETS, ir_version=IR_VERSION)
        data: bytes = model.SerializeToString()
        return data


def model_graph(
    model: Model,
    bits: int | None = 8,
    seen: Mapping[str, Array] | None = None,
    steps: Steps | None = None,
    context: int = CONTEXT,
) -> bytes:
    """The decoder: rows (B, S, C), the pitches sounding at each (B, S, 128), their positions (B, S)
    and past keys and values, to the logits (B, V) behind one of the rows.

    With `steps` keys and values are kept as whole numbers of steps, in 8 bits.
    """
    cfg, g = model.cfg, Graph(bits, seen or {})
    state = {name: tensor.detach().numpy() for name, tensor in model.state_dict().items()}
    table = model.table().detach().numpy()
    turns = _turns(g, cfg, context)
    x = g.norm(_embed(g, state, table), "x", cfg.width)
    normed = g.norm(x, "normed_in", cfg.width)
    for i in range(cfg.n_layers):
        qkv = g.linear(normed, f"qkv_{i}", state[f"blocks.{i}.qkv.weight"])
        attended = _attended(g, qkv, i, cfg, turns, steps)
        out = g.linear(attended, f"out_{i}", state[f"blocks.{i}.out.weight"])
        normed, x = _add_and_norm(g, x, out, f"a{i}", cfg.width)
        down = g.linear(_swiglu(g, normed, i, state), f"down_{i}", state[f"blocks.{i}.down.weight"])
        normed, x = _add_and_norm(g, x, down, f"b{i}", cfg.width)
    last = g.op("Gather", [normed, "last"], "states", axis=1)
    projected = g.linear(last, "project", state["project.weight"])
    raw = _against_table(g, g.norm(projected, "projected", cfg.width), table)
    g.op("Add", [raw, g.weight("bias", state["bias"])], "logits")
    g.op("Identity", [g.linear(last, "velocity", state["velocity_state.weight"])], "velocity_state")
    return g.serialised("antiphon", *_ends(cfg, TensorProto.INT8 if steps else TensorProto.FLOAT))


def _turns(g: Graph, cfg: Config, context: int) -> list[str]:
    """Cosines and sines (context, E/2) of the angle of each position, worked out from its rate."""
    g.weight("positions_column", np.arange(context, dtype=np.float32)[:, None])
    g.op("Mul", ["positions_column", g.weight("rates", rotary_rates(cfg).numpy())], "angles")
    return [g.op("Cos", ["angles"], "cos"), g.op("Sin", ["angles"], "sin")]


def _attended(
    g: Graph, qkv: str, i: int, cfg: Config, turns: list[str], steps: Steps | None
) -> str:
    past = [f"past_key_{i}", f"past_value_{i}", "seqlens_k", "total_sequence_length"]
    inputs = [qkv, "", "", *past, *turns, "positions"]
    kept: dict[str, Any] = {}
    if steps:
        sizes = zip(("key", "value"), steps[i], strict=True)
        names = [g.weight(f"{kind}_step_{i}", np.array([s], np.float32)) for kind, s in sizes]
        inputs += ["", "", *names]
        kept = {"k_quant_type": "PER_TENSOR", "v_quant_type": "PER_TENSOR", "kv_cache_bit_width": 8}
    return g.op(
        "GroupQueryAttention",
        inputs,
        [f"attended_{i}", f"present_key_{i}", f"present_value_{i}"],
        num_heads=cfg.n_heads, kv_num_heads=cfg.n_kv_heads, do_rotary=1,
        local_window_size=cfg.window, **kept,
    )  # fmt: skip


def _embed(g: Graph, state: dict[str, Array], table: Array) -> str:
    """Sum of a row's table rows, one a column, and of the pitches that sound.

    All tables are one, so that one look-up finds all: tokens are few at a time, and then it is the
    number of nodes that costs.
    """
    tables = {"token": table} | {n: state[f"companions.{n}.weight"] for n in COMPANIONS}
    names = [g.weight(f"{name}_rows", rows) for name, rows in tables.items()]
    begins = np.cumsum([0] + [len(rows) for rows in tables.values()])
    begin_of = np.array([*begins[:-1], 0, 0], np.int64)  # OTHER is a token too, SHARE is no id
    g.op("Concat", names, "all_rows", axis=0)
    g.op("Add", ["rows", g.weight("begin_of_column", begin_of)], "ids")
    g.op("Gather", ["all_rows", "ids"], "found")
    # A product, not a ReduceSum: that adds up in an order which depends on the size of the batch.
    g.op("MatMul", [_column_weights(g), "found"], "told_row")
    g.op("Squeeze", ["told_row", g.weight("row_axis", np.array([2], np.int64))], "told")
    weight = g.weight("sounding_rows", state["sounding.weight"].T)
    heard = g.op("MatMul", ["sounding", weight], "heard")
    return g.op("Add", ["told", heard], "embedded")


def _column_weights(g: Graph) -> str:
    """What each column's table row counts for (B, S, 1, C): the two tokens by their shares."""
    other = np.arange(MOST_SHARE + 1, dtype=np.float32) / MOST_SHARE
    weights = np.ones((MOST_SHARE + 1, 1, len(Column)), np.float32)
    weights[:, 0, Column.TOKEN], weights[:, 0, Column.OTHER] = 1 - other, other
    weights[:, :, Column.SHARE] = 0
    index = g.weight("share_column", np.array(Column.SHARE, np.int64))
    share = g.op("Gather", ["rows", index], "share", axis=2)
    return g.op("Gather", [g.weight("weights_of_share", weights), share], "column_weights")


def _against_table(g: Graph, x: str, table: Array) -> str:
    """`x @ table.T`; in 32 bits the table that tokens are looked up in is stored but once."""
    if g.bits is not None:
        return g.linear(x, "table", table)
    return g.op("MatMul", [x, g.op("Transpose", ["token_rows"], "table", perm=[1, 0])], "table_out")


def _add_and_norm(g: Graph, x: str, y: str, name: str, width: int) -> tuple[str, str]:
    outputs = [f"normed_{name}", "", "", f"x_{name}"]
    g.op("SkipSimplifiedLayerNormalization", [x, y, f"ones_{width}"], outputs, epsilon=NORM_EPSILON)
    return outputs[0], outputs[3]


def _swiglu(g: Graph, x: str, i: int, state: dict[str, Array]) -> str:
    both = g.linear(x, f"gate_up_{i}", state[f"blocks.{i}.gate_up.weight"])
    g.op("Split", [both], [f"gate_{i}", f"up_{i}"], axis=-1, num_outputs=2)
    g.op("QuickGelu", [f"gate_{i}"], f"silu_{i}", alpha=1.0)
    return g.op("Mul", [f"silu_{i}", f"up_{i}"], f"hidden_{i}")


def _ends(cfg: Config, kept_as: int) -> tuple[list[Any], list[Any]]:
    value = helper.make_tensor_value_info
    cache: list[str | int | None] = ["B", cfg.n_kv_heads, "N", cfg.head_width]
    inputs = [
        value("rows", TensorProto.INT64, ["B", "S", len(Column)]),
        value("sounding", TensorProto.FLOAT, ["B", "S", PITCHES]),
        value("positions", TensorProto.INT64, ["B", "S"]),
        value("last", TensorProto.INT64, []),
        value("seqlens_k", TensorProto.INT32, ["B"]),
        value("total_sequence_length", TensorProto.INT32, [1]),
    ]
    outputs = [
        value("logits", TensorProto.FLOAT, ["B", cfg.vocabulary]),
        value("velocity_state", TensorProto.FLOAT, ["B", VELOCITY_WIDTH]),
    ]
    for i in range(cfg.n_layers):
        for kind in ("key", "value"):
            inputs.append(value(f"past_{kind}_{i}", kept_as, cache))
            outputs.append(value(f"present_{kind}_{i}", kept_as, cache))
    return inputs, outputs


def velocity_graph(model: Model) -> bytes:
    """The velocity head: state (B, 64) and note (B,), counted from the first, to logits (B, 8)."""
    g = Graph(None)
    notes = model.velocity_note(model.table()[NOTE:STYLE]).detach().numpy()
    g.op("Gather", [g.weight("notes", notes), "note"], "of_note")
    g.op("Add", ["velocity_state", "of_note"], "mixed")
    g.op("Sigmoid", ["mixed"], "sigmoid")
    g.op("Mul", ["mixed", "sigmoid"], "silu")
    out = model.velocity_out
    g.linear("silu", "out", out.weight.detach().numpy())
    g.op("Add", ["out_out", g.weight("bias", out.bias.detach().numpy())], "logits")
    value = helper.make_tensor_value_info
    inputs = [
        value("velocity_state", TensorProto.FLOAT, ["B", VELOCITY_WIDTH]),
        value("note", TensorProto.INT64, ["B"]),
    ]
    outputs = [value("logits", TensorProto.FLOAT, ["B", out.out_features])]
    return g.serialised("velocity", inputs, outputs)


def write_bundle(
    model: Model,
    folder: Path,
    name: str,
    styles: tuple[str, ...],
    *,
    bits: int | None = 8,
    seen: Mapping[str, Array] | None = None,
    steps: Steps | None = None,
    context: int = CONTEXT,
    data: tuple[str, ...] = (),
    figures: dict[str, float] | None = None,
) -> bundle.Bundle:
    """Write the graphs and `bundle.json`, then load the bundle back through its checks.

    `bits` is 8, 4 or None for 32; `seen` is what `calibration.seen_by` tells, for 4, and `steps`
    what `calibration.steps_of` does, for keys and values in 8 bits; else they are kept in 32.
    """
    graphs = {
        "model.onnx": model_graph(model, bits, seen, steps, context),
        "velocity.onnx": velocity_graph(model),
    }
    cfg = model.cfg
    about = bundle.About(
        schema=bundle.SCHEMA,
        name=name,
        shape=bundle.Shape(
            cfg.vocabulary, cfg.n_layers, cfg.n_kv_heads, cfg.head_width, context, cfg.window,
            VELOCITY_WIDTH,
        ),
        styles=styles,
        precision=_precision(bits, steps),
        sha256={file: hashlib.sha256(content).hexdigest() for file, content in graphs.items()},
        data=data,
        figures=figures or {},
    )  # fmt: skip
    with blaming(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in graphs.items():
            (folder / file).write_bytes(content)
        write_about(folder, about)
    return bundle.load(folder)


def write_about(folder: Path, about: bundle.About) -> None:
    """Write `bundle.json`."""
    text = msgspec.json.format(msgspec.json.encode(about), indent=1)
    (folder / "bundle.json").write_bytes(text)


def _precision(bits: int | None, steps: Steps | None) -> str:
    kept = f", {' and '.join(KEPT)} in 8" if bits == 4 else ""
    weights = f"{bits} bit, blocks of {BLOCK}{kept}" if bits else "32 bit"
    return f"{weights}; keys and values in {8 if steps else 32} bit"
