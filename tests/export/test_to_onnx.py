"""Torch and ONNX Runtime say the same, whatever the cache holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from antiphon.engine.model import CHUNK, Model, Slot
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import NOTE, STYLE
from antiphon.export.model import COMPANIONS
from antiphon.export.to_onnx import BLOCK, quantise, write_bundle
from bundles import STYLES, tiny_model, tiny_network

LENGTHS = (0, 1, 31, 32, 33, 200)
"""Rows in the cache before one more is fed: around a chunk, and beyond the window of 64."""


def some_rows(n: int, seed: int = 1) -> list[Row]:
    random = np.random.Generator(np.random.PCG64(seed))
    tokens = random.integers(STYLE + len(STYLES), size=n)
    companions = [random.integers(size, size=n) for size in COMPANIONS.values()]
    return [Row(*map(int, row)) for row in zip(tokens, *companions, strict=True)]


def fed(slot: Slot, rows: list[Row], step: int = CHUNK) -> None:
    for i in range(0, len(rows), step):
        slot.feed(rows[i : i + step])


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
    slot.feed(rows[length:])

    np.testing.assert_allclose(slot.logits[0], torch_logits(rows), atol=2e-4)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_rewound_cache_is_as_good_as_a_fresh_one(length: int) -> None:
    rows = some_rows(length + 1)
    slot = tiny_model().slot()
    fed(slot, rows[:length] + some_rows(70, seed=2))
    slot.rewind(length)
    slot.feed(rows[length:])

    np.testing.assert_allclose(slot.logits[0], torch_logits(rows), atol=2e-4)


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


def test_a_quantised_matrix_is_near_the_whole_one() -> None:
    matrix = np.random.Generator(np.random.PCG64(4)).normal(size=(24, 2 * BLOCK))
    quantised, scales = quantise(matrix.astype(np.float32))
    restored = (quantised.astype(np.float32).reshape(24, 2, BLOCK) - 128) * scales.reshape(24, 2, 1)

    assert quantised.dtype == np.uint8
    assert np.abs(restored.reshape(matrix.shape) - matrix).max() <= np.abs(scales).max() * 0.51


def test_a_bundle_says_what_it_is(tmp_path: Path) -> None:
    made = write_bundle(
        tiny_network(), tmp_path, "mine", STYLES, data=("tests, CC0",), figures={"macro": 7.5}
    )
    about = made.about
    assert (about.name, about.styles, about.precision) == ("mine", STYLES, "8 bit, blocks of 32")
    assert (about.data, about.figures) == (("tests, CC0",), {"macro": 7.5})
    assert about.shape.window == 64
