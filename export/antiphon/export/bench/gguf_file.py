"""A network as a GGUF file of the architecture `llama`, which is ours but for both ends.

    ours                                  llama
    packed queries, keys and values       three matrices
    halves of a head turn together        neighbours do: the rows of queries and keys change places
    norms without gains                   gains of one
    what stands beside a token            folded into the table of embeddings

What each tensor holds is pure (`tensors`, `kinds`, `facts`); only `write` needs the package `gguf`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..network.model import NORM_EPSILON
from ..network.quantise import Array, bits_of
from .subject import ROOM, Subject

PACKAGE = "gguf"
ARCHITECTURE = "llama"


def tensors(subject: Subject) -> dict[str, Array]:
    """Every tensor by its name in the file, rows as `x @ tensor.T` takes them."""
    cfg = subject.config
    state = {name: t.detach().numpy() for name, t in subject.network.state_dict().items()}
    gains = np.ones(cfg.width, np.float32)
    found = {"token_embd.weight": subject.embedding()}
    for i in range(cfg.n_layers):
        ours, theirs = f"blocks.{i}", f"blk.{i}"
        queries, keys, values = _heads(subject, state[f"{ours}.qkv.weight"])
        gate, up = np.split(state[f"{ours}.gate_up.weight"], 2)
        named = {
            "attn_norm": gains, "attn_q": _neighbours(queries), "attn_k": _neighbours(keys),
            "attn_v": values.reshape(-1, cfg.width), "attn_output": state[f"{ours}.out.weight"],
            "ffn_norm": gains, "ffn_gate": gate, "ffn_up": up,
            "ffn_down": state[f"{ours}.down.weight"],
        }  # fmt: skip
        found |= {f"{theirs}.{name}.weight": array for name, array in named.items()}
    table = subject.network.table().detach().numpy()
    return found | {"output_norm.weight": gains, "output.weight": table}


def _heads(subject: Subject, packed: Array) -> list[Array]:
    """Queries, keys and values, each (heads, E, D)."""
    cfg = subject.config
    heads = packed.reshape(-1, cfg.head_width, cfg.width)
    return np.split(heads, [cfg.n_heads, cfg.n_heads + cfg.n_kv_heads])


def _neighbours(heads: Array) -> Array:
    """Heads (heads, E, D) as one matrix (heads·E, D); rows that turn together side by side."""
    halves = heads.reshape(len(heads), 2, -1, heads.shape[-1])
    return halves.swapaxes(1, 2).reshape(-1, heads.shape[-1])


def kinds(names: list[str], bits: int) -> dict[str, str]:
    """How each tensor is stored, `F32`, `Q8_0` or `Q4_0`: every matrix as it is in our bundles."""
    return {name: _kind(name.split(".")[-2], bits) for name in names}


def _kind(name: str, bits: int) -> str:
    if bits == 32 or name.endswith("norm") or name == "token_embd":
        return "F32"
    ours = {"attn_q": "qkv", "attn_k": "qkv", "attn_v": "qkv", "output": "table"}
    return f"Q{bits_of(ours.get(name, name), bits)}_0"


def facts(subject: Subject) -> dict[str, int | float | str]:
    """What the file says of the shape, by GGUF's own keys."""
    cfg = subject.config
    of_shape: dict[str, int | float] = {
        "vocab_size": cfg.vocabulary, "context_length": ROOM, "embedding_length": cfg.width,
        "block_count": cfg.n_layers, "feed_forward_length": cfg.hidden,
        "rope.dimension_count": cfg.head_width, "rope.freq_base": cfg.rope_base,
        "attention.head_count": cfg.n_heads, "attention.head_count_kv": cfg.n_kv_heads,
        "attention.layer_norm_rms_epsilon": NORM_EPSILON,
    }  # fmt: skip
    named = {f"{ARCHITECTURE}.{key}": value for key, value in of_shape.items()}
    return {**named, "tokenizer.ggml.model": "no_vocab"}


def write(subject: Subject, bits: int, path: Path) -> Path:
    """Write the file, unless it is there."""
    if path.exists():
        return path
    gguf: Any = import_module(PACKAGE)
    quants: Any = import_module(f"{PACKAGE}.quants")
    writer = gguf.GGUFWriter(path, ARCHITECTURE)
    put = {int: writer.add_uint32, float: writer.add_float32, str: writer.add_string}
    for key, value in facts(subject).items():
        put[type(value)](key, value)
    arrays = tensors(subject)
    for name, kind in kinds(list(arrays), bits).items():
        stored = gguf.GGMLQuantizationType[kind]
        array = np.ascontiguousarray(arrays[name], np.float32)
        writer.add_tensor(name, quants.quantize(array, stored), raw_dtype=stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
