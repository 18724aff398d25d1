"""The tensors of a GGUF file, read by a slow network written as llama's papers have it."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import torch

from antiphon.engine.vocabulary import STYLE
from antiphon.export.bench import gguf_file, subject
from antiphon.export.bench.subject import Subject
from antiphon.export.network.quantise import Array
from bundles import STYLES


@functools.cache
def tiny() -> Subject:
    return subject.random("tiny", STYLES)


class Llama:
    """Pre-norm blocks, rotary neighbours, grouped queries, SwiGLU: one position at a time."""

    def __init__(self, tensors: dict[str, Array], facts: dict[str, int | float | str]) -> None:
        self.tensors = tensors
        self.facts = {key.removeprefix("llama."): value for key, value in facts.items()}
        self.heads, self.kept_heads = (
            int(self.facts[f"attention.head_count{of}"]) for of in ("", "_kv")
        )
        self.past: dict[int, tuple[list[Array], list[Array]]] = {}
        self.position = 0

    def feed(self, token: int) -> Array:
        x = self.tensors["token_embd.weight"][token]
        for i in range(int(self.facts["block_count"])):
            x = x + self.attended(i, x)
            x = x + self.swiglu(i, self.norm(f"blk.{i}.ffn_norm", x))
        self.position += 1
        return self.of("output", self.norm("output_norm", x))

    def of(self, name: str, x: Array) -> Array:
        product: Array = self.tensors[f"{name}.weight"] @ x
        return product

    def norm(self, name: str, x: Array) -> Array:
        epsilon = float(self.facts["attention.layer_norm_rms_epsilon"])
        normed: Array = self.tensors[f"{name}.weight"] * x / np.sqrt(np.mean(x * x) + epsilon)
        return normed

    def swiglu(self, i: int, x: Array) -> Array:
        gate = self.of(f"blk.{i}.ffn_gate", x)
        up = self.of(f"blk.{i}.ffn_up", x)
        return self.of(f"blk.{i}.ffn_down", gate / (1 + np.exp(-gate)) * up)

    def attended(self, i: int, x: Array) -> Array:
        x = self.norm(f"blk.{i}.attn_norm", x)
        q, k, v = (self.of(f"blk.{i}.attn_{name}", x) for name in "qkv")
        keys, values = self.past.setdefault(i, ([], []))
        keys.append(self.turned(k.reshape(self.kept_heads, -1)))
        values.append(v.reshape(self.kept_heads, -1))
        shared = self.heads // self.kept_heads
        made = []
        for head, query in enumerate(self.turned(q.reshape(self.heads, -1))):
            scores = np.array([query @ key[head // shared] for key in keys]) / np.sqrt(len(query))
            weights = np.exp(scores - scores.max())
            weighed = zip(weights / weights.sum(), values, strict=True)
            made.append(sum(w * value[head // shared] for w, value in weighed))
        return self.of(f"blk.{i}.attn_output", np.concatenate(made))

    def turned(self, heads: Array) -> Array:
        """Each pair of neighbours by its angle, as complex numbers are."""
        width, base = int(self.facts["rope.dimension_count"]), float(self.facts["rope.freq_base"])
        angles = self.position * base ** (-np.arange(0, width, 2) / width)
        pairs = heads[:, 0::2] + 1j * heads[:, 1::2]
        turned = pairs * np.exp(1j * angles)
        return np.stack([turned.real, turned.imag], axis=-1).reshape(heads.shape)


def test_a_llama_made_of_the_tensors_says_what_our_network_says() -> None:
    of = tiny()
    (line,) = subject.tokens(1, 24)
    with torch.inference_mode():
        rows = torch.tensor([subject.rows_of(line)])
        ours = of.network(rows)[0].numpy()
    llama = Llama(gguf_file.tensors(of), gguf_file.facts(of))
    theirs = np.stack([llama.feed(token) for token in line])

    assert np.abs(ours).max() > 1
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


@pytest.mark.parametrize(("bits", "kinds"), [(32, {"F32"}), (8, {"F32", "Q8_0"})])
def test_norms_and_embeddings_stay_and_matrices_take_as_many_bits_as_ours(
    bits: int, kinds: set[str]
) -> None:
    tensors = gguf_file.tensors(tiny())
    stored = gguf_file.kinds(list(tensors), bits)

    assert set(stored.values()) == kinds
    assert all(stored[name] == "F32" for name, array in tensors.items() if array.ndim == 1)
    assert stored["token_embd.weight"] == "F32"


def test_in_four_bits_what_loses_most_stays_in_eight_as_in_ours() -> None:
    stored = gguf_file.kinds(list(gguf_file.tensors(tiny())), 4)
    eight = {name.split(".")[-2] for name, kind in stored.items() if kind == "Q8_0"}
    four = {name.split(".")[-2] for name, kind in stored.items() if kind == "Q4_0"}

    assert eight == {"attn_q", "attn_k", "attn_v", "output"}
    assert four == {"attn_output", "ffn_gate", "ffn_up", "ffn_down"}


def test_the_file_tells_the_shape() -> None:
    facts = gguf_file.facts(tiny())

    assert facts["llama.vocab_size"] == STYLE + len(STYLES)
    assert facts["llama.attention.head_count"] == 2
    assert facts["llama.attention.head_count_kv"] == 1
    assert facts["tokenizer.ggml.model"] == "no_vocab"
