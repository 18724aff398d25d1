"""A bundle's graph as ONNX Runtime GenAI wants it: the very same blocks and weights, other ends.

    ids ─▶ table ─▶ blocks as they are ─▶ logits of the last row
    attention mask ─▶ rows in the cache

What stands beside a token is folded into the table, and nodes that nothing needs any more fall out.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..network.quantise import Array
from .subject import CONTEXT, Subject

MODEL = "model.onnx"
_REPLACED = ("x", "last", "seqlens_k", "total_sequence_length")
"""Values of a bundle's graph that come from elsewhere here: what the first block is given, …"""
_NAMES = {
    "inputs": {
        "input_ids": "ids", "attention_mask": "mask", "position_ids": "positions",
        "past_key_names": "past_key_%d", "past_value_names": "past_value_%d",
    },
    "outputs": {
        "logits": "logits", "present_key_names": "present_key_%d",
        "present_value_names": "present_value_%d",
    },
}  # fmt: skip


def write(subject: Subject, content: bytes, folder: Path, room: int = 2 * CONTEXT) -> None:
    """Write the folder that GenAI loads; `content` is the graph of a bundle of the subject."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL).write_bytes(graph(content, subject.embedding()))
    (folder / "genai_config.json").write_text(json.dumps(_config(subject, room), indent=1))


def graph(content: bytes, embedding: Array) -> bytes:
    """The graph with GenAI's ends; `embedding` (V, D) holds what each token becomes."""
    model = onnx.load_from_string(content)
    old = model.graph
    inputs, outputs = _ends(old)
    blocks = [node for node in old.node if not set(_REPLACED) & set(node.output)]
    nodes = _needed([*_beginning(), *blocks], {value.name for value in outputs})
    read = {name for node in nodes for name in node.input}
    weights = [w for w in [*old.initializer, *_constants(embedding)] if w.name in read]
    data: bytes = helper.make_model(
        helper.make_graph(nodes, "antiphon", inputs, outputs, weights),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    ).SerializeToString()
    return data


def _beginning() -> list[Any]:
    """From ids and mask to what the blocks read."""
    node = helper.make_node
    return [
        node("Gather", ["embedding", "ids"], ["x"]),
        node("ReduceSum", ["mask", "row_axis"], ["rows_in_all"], keepdims=0),
        node("Sub", ["rows_in_all", "one"], ["rows_before"]),
        node("Cast", ["rows_before"], ["seqlens_k"], to=TensorProto.INT32),
        node("Shape", ["mask"], ["longest"], start=1, end=2),
        node("Cast", ["longest"], ["total_sequence_length"], to=TensorProto.INT32),
    ]


def _constants(embedding: Array) -> list[Any]:
    whole = {"row_axis": [1], "one": [1], "last": [-1]}
    arrays = {name: np.array(value, np.int64) for name, value in whole.items()}
    arrays["embedding"] = embedding
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _ends(old: Any) -> tuple[list[Any], list[Any]]:
    value = helper.make_tensor_value_info
    own = [
        value("ids", TensorProto.INT64, ["B", "S"]), value("mask", TensorProto.INT64, ["B", "T"]),
        value("positions", TensorProto.INT64, ["B", "S"]),
    ]  # fmt: skip
    past = [given for given in old.input if given.name.startswith("past_")]
    present = [made for made in old.output if made.name.startswith("present_")]
    vocabulary = next(made for made in old.output if made.name == "logits").type.tensor_type
    size = vocabulary.shape.dim[1].dim_value
    return [*own, *past], [value("logits", TensorProto.FLOAT, ["B", 1, size]), *present]


def _needed(nodes: list[Any], wanted: set[str]) -> list[Any]:
    """Of some nodes in order those that what is wanted comes from."""
    found = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            found.append(node)
            wanted = wanted | set(node.input) - {""}
    return found[::-1]


def _config(subject: Subject, room: int) -> dict[str, Any]:
    cfg = subject.config
    decoder = {
        "session_options": {"intra_op_num_threads": 1, "provider_options": []},
        "filename": MODEL,
        "head_size": cfg.head_width, "hidden_size": cfg.width,
        "num_attention_heads": cfg.n_heads, "num_hidden_layers": cfg.n_layers,
        "num_key_value_heads": cfg.n_kv_heads, **_NAMES,
    }  # fmt: skip
    model = {
        "type": "llama", "context_length": room, "vocab_size": cfg.vocabulary,
        "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "decoder": decoder,
    }  # fmt: skip
    # Nothing ends before there is no room left: what is timed is tokens, not what they say.
    search = {"min_length": room, "max_length": room, "past_present_share_buffer": True}
    return {"model": model, "search": search}
