"""A graph is held against its network; one that is another network does not pass."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from antiphon.engine import bundle
from antiphon.engine.errors import InternalError
from antiphon.engine.tokens import Column
from antiphon.export.network.model import Model, column_sizes
from antiphon.export.network.parity import LENGTHS, PARITY, largest_difference, prove, random_rows
from antiphon.export.network.to_onnx import write_bundle
from bundles import STYLES, tiny_folder, tiny_network


def test_the_graph_is_the_network_however_much_is_in_the_cache() -> None:
    assert {0, 1, 511, 4095} <= set(LENGTHS)
    assert prove(tiny_network(), bundle.load(tiny_folder())) < 2e-4


def with_window(width: int) -> Model:
    """The tiny network, seeing another number of positions back."""
    other = Model(replace(tiny_network().cfg, window=width))
    other.load_state_dict(tiny_network().state_dict())
    return other.eval()


def with_weight(name: str, value: float) -> Model:
    """The tiny network with the first row of some weights changed."""
    other = deepcopy(tiny_network())
    with torch.no_grad():
        other.get_parameter(name)[0] += value
    return other


@pytest.mark.parametrize(
    "other",
    [
        with_window(63),
        with_weight("blocks.1.down.weight", 5.0),
        with_weight("companions.countdown.weight", float("nan")),
        with_weight("sounding.weight", 50.0),
        with_weight("velocity_out.weight", 5.0),
    ],
    ids=["window", "block", "nan", "sounding", "velocity"],
)
def test_another_network_is_found_out(other: Model) -> None:
    assert not largest_difference(other, bundle.load(tiny_folder()), (0, 1, 70, 200)) <= PARITY


def test_a_graph_that_is_not_the_network_is_our_fault(tmp_path: Path) -> None:
    written = write_bundle(with_weight("bias", 1.0), tmp_path, "other", STYLES, bits=None)

    with pytest.raises(InternalError, match=r"^The graph is not the network: logits differ by 1\."):
        prove(tiny_network(), written)


def test_rows_say_all_that_columns_can_say_and_always_the_same() -> None:
    sizes = column_sizes(tiny_network().cfg.vocabulary)
    rows = random_rows(sizes[0], 4096)

    assert rows == random_rows(sizes[0], 4096)
    assert len(rows[0]) == len(Column) == len(sizes)
    for column, size in zip(zip(*rows, strict=True), sizes, strict=True):
        assert 0 <= min(column) <= max(column) < size
        assert len(set(column)) > 0.6 * min(size, 4096)
