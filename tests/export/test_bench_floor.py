"""The bytes of a token are counted as they lie in the files."""

from __future__ import annotations

import functools
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from antiphon.export.bench import floor, subject
from antiphon.export.bench.subject import PRECISIONS, Precision, Subject
from bundles import STYLES


@functools.cache
def tiny() -> Subject:
    return subject.random("tiny", STYLES)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_weights_are_as_many_bytes_as_the_graph_multiplies_with(
    tmp_path: Path, precision: Precision
) -> None:
    graph = onnx.load_from_string(tiny().written(tmp_path, precision).graphs["model.onnx"]).graph
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    names = ("qkv", "out", "gate_up", "down", "project", "velocity", "table")
    stored = [a for n, a in arrays.items() if n.startswith(names) and not n.endswith("_rows")]
    if precision.bits == 32:
        stored.append(arrays["token_rows"])  # there the table is stored once for both its uses

    assert floor.bytes_of_weights(tiny(), precision) == sum(array.nbytes for array in stored)


def test_the_cache_is_two_vectors_a_row_and_head_in_every_layer() -> None:
    cfg = tiny().config
    whole = 2 * cfg.n_layers * cfg.n_kv_heads * cfg.head_width * 1024

    assert floor.bytes_of_cache(tiny(), Precision(8, 8)) == whole
    assert floor.bytes_of_cache(tiny(), Precision(8, 32)) == 4 * whole


def test_many_sessions_read_the_weights_once_and_each_its_own_cache() -> None:
    one, many = (floor.bytes_of_token(tiny(), PRECISIONS[0], n) for n in (1, 16))

    assert many - one == 15 * floor.bytes_of_cache(tiny(), PRECISIONS[0])
