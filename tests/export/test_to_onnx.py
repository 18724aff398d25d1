"""Torch and ONNX Runtime say the same, whatever the cache holds."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon.engine.model import Model
from antiphon.engine.slots import CHUNK, Slot
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import NOTE, STYLE, Vocabulary
from antiphon.export.network import calibration, origin
from antiphon.export.network import model as network
from antiphon.export.network.model import column_sizes
from antiphon.export.network.quantise import bits_of, dequantised, quantise
from antiphon.export.network.to_onnx import model_graph, write_bundle
from bundles import STYLES, tiny_model, tiny_network

LENGTHS = (0, 1, 31, 32, 33, 200)
"""Rows in the cache before one more is fed: around a chunk, and beyond the window of 64."""


def some_rows(n: int, seed: int = 1) -> list[Row]:
    random = np.random.Generator(np.random.PCG64(seed))
    columns = [random.integers(size, size=n) for size in column_sizes(STYLE + len(STYLES))]
    return [Row(*map(int, row)) for row in zip(*columns, strict=True)]


def fed(slot: Slot, rows: list[Row], step: int = CHUNK) -> None:
    for i in range(0, len(rows), step):
        slot.prefill(rows[i : i + step])


@torch.inference_mode()
def torch_logits(rows: list[Row]) -> torch.Tensor:
    logits: torch.Tensor = tiny_network()(torch.tensor([rows]))
    return logits[0, -1]


@pytest.mark.parametrize("step", [1, 7, CHUNK])
@pytest.mark.parametrize("length", LENGTHS)
def test_logits_are_torchs_at_every_length_of_the_cache(length: int, step: int) -> None:
    rows = some_rows(length + 1)
    slot = tiny_model().slot()
    fed(slot, rows[:length], step)
    slot.prefill(rows[length:])

    np.testing.assert_allclose(slot.logits, torch_logits(rows), atol=2e-4)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_rewound_cache_is_as_good_as_a_fresh_one(length: int) -> None:
    rows = some_rows(length + 1)
    slot = tiny_model().slot()
    fed(slot, rows[:length] + some_rows(70, seed=2))
    slot.rewind(length)
    slot.prefill(rows[length:])

    np.testing.assert_allclose(slot.logits, torch_logits(rows), atol=2e-4)


@torch.inference_mode()
def test_the_velocity_head_is_torchs() -> None:
    net, rows = tiny_network(), some_rows(40)
    slot = tiny_model().slot()
    fed(slot, rows)
    table = net.table()
    state = net.states(torch.tensor([rows]), table)[0, -1]

    for note in (NOTE, NOTE + 60, NOTE + 999, STYLE - 1):
        expected = net.velocity_logits(state, table[note])
        np.testing.assert_allclose(slot.velocity_logits(note), expected, atol=2e-4)


def test_eight_bits_are_close_to_thirty_two(tmp_path: Path) -> None:
    rows = some_rows(100)
    whole = tiny_model().slot()
    coarse = Model(write_bundle(tiny_network(), tmp_path, "tiny", STYLES, bits=8)).slot()
    for slot in (whole, coarse):
        fed(slot, rows)

    error = np.abs(coarse.logits - whole.logits).max() / np.abs(whole.logits).max()
    assert 0 < error < 0.05


@torch.no_grad()
def rounded_network(bits: int) -> network.Model:
    """The tiny network with weights as `bits` leave them, in 32 bits."""
    copy = deepcopy(tiny_network())
    for name, matrix in calibration.matrices(copy).items():
        packed, scales = quantise(matrix.weight.numpy(), bits_of(name, bits) or 0)
        matrix.weight.copy_(torch.from_numpy(dequantised(packed, scales)))
    return copy


@pytest.mark.parametrize("bits", [8, 4])
def test_few_bits_mean_to_the_graph_what_they_plainly_say(tmp_path: Path, bits: int) -> None:
    rows, heard = some_rows(100), []
    for name, net, stored in (
        ("few", tiny_network(), bits),
        ("same", rounded_network(bits), None),
        ("whole", tiny_network(), None),
    ):
        slot = Model(write_bundle(net, tmp_path / name, name, STYLES, bits=stored)).slot()
        fed(slot, rows)
        heard.append(slot.logits.copy())
    few, same, whole = heard

    # The graph rounds what it multiplies with too, to 8 bits: a little more than the weights alone.
    assert np.abs(few - same).mean() < {8: 2, 4: 0.5}[bits] * np.abs(same - whole).mean()


@pytest.mark.parametrize("bits", [8, 4])
def test_what_is_taken_out_of_a_bundle_again_are_its_rounded_weights(
    tmp_path: Path, bits: int
) -> None:
    written = write_bundle(tiny_network(), tmp_path, "few", STYLES, bits=bits)
    taken = calibration.matrices(origin.of_bundle(written).network())

    for name, matrix in calibration.matrices(rounded_network(bits)).items():
        assert torch.equal(taken[name].weight, matrix.weight), name


def test_a_small_model_fits_in_files_of_twenty_megabytes() -> None:
    shape = network.config("small", Vocabulary(tuple(f"style {i}" for i in range(300))).size)
    net = network.Model(shape)

    sizes = [len(model_graph(net, bits)) / 1e6 for bits in (None, 8, 4)]
    assert 20 > sizes[0] > 1.8 * sizes[1] > 1.8 * 1.1 * sizes[2]


def test_a_bundle_says_what_it_is(tmp_path: Path) -> None:
    made = write_bundle(
        tiny_network(), tmp_path, "mine", STYLES, data=("tests, CC0",), figures={"macro": 7.5}
    )
    about = made.about
    assert (about.name, about.styles, about.precision) == (
        "mine",
        STYLES,
        "8 bit, blocks of 32; keys and values in 32 bit",
    )
    assert (about.data, about.figures) == (("tests, CC0",), {"macro": 7.5})
    assert about.shape.window == 64
