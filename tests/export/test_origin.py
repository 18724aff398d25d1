"""A trained network taken out of a bundle or a run again, to be trained further."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import Note
from antiphon.engine.tokens import Row, encode
from antiphon.engine.vocabulary import NOTE, Vocabulary
from antiphon.export.network import origin
from antiphon.export.network.model import Model, config
from antiphon.export.network.to_onnx import write_bundle
from antiphon.export.training.train import Plan, Run
from bundles import STYLES, tiny_folder, tiny_network
from corpora import scales

ROWS = torch.tensor([[Row(0), *encode([Note(12 * n, 0, 50 + n, 9, 64) for n in range(20)])]])


@torch.inference_mode()
def answers(network: Model) -> list[torch.Tensor]:
    table = network.table()
    states = network.states(ROWS, table)
    return [network.logits(states, table), network.velocity_logits(states[0, -1], table[NOTE + 60])]


def test_a_bundle_of_32_bits_gives_back_its_network() -> None:
    found = origin.of(tiny_folder())

    assert found.styles == STYLES
    assert found.config == tiny_network().cfg
    for a, b in zip(answers(found.network()), answers(tiny_network()), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_a_bundle_of_8_bits_gives_back_one_very_like_it(tmp_path: Path) -> None:
    write_bundle(tiny_network(), tmp_path, "tiny", STYLES, bits=8)
    found = answers(origin.of(tmp_path).network())

    for a, b in zip(found, answers(tiny_network()), strict=True):
        assert 0 < float((a - b).abs().max()) < 0.05 * float(b.abs().max())


def test_a_run_gives_back_its_network(tmp_path: Path) -> None:
    plan = Plan(config("tiny", Vocabulary().size), (), 1)
    run = Run(tmp_path, scales(), plan)
    run.save()
    found = origin.of(tmp_path)

    assert (found.config, found.styles) == (plan.config, ())
    for a, b in zip(answers(found.network()), answers(run.model), strict=True):
        assert torch.equal(a, b)


def test_new_styles_come_behind_the_old_and_change_nothing_else() -> None:
    known = origin.of(tiny_folder())
    grown = known.knowing(("hymn", "polka"))

    assert grown.styles == (*STYLES, "polka")
    assert grown.config.vocabulary == known.config.vocabulary + 1
    before, after = answers(known.network()), answers(grown.network())
    torch.testing.assert_close(after[0][..., :-1], before[0])


def test_a_run_goes_on_from_a_bundle_and_not_again_when_resumed(tmp_path: Path) -> None:
    known = origin.of(tiny_folder()).knowing(())
    plan = Plan(known.config, known.styles, 1)
    run = Run(tmp_path, scales(), plan)
    run.begin_with(known.weights)
    run.step()
    run.save()

    resumed = Run(tmp_path, scales(), plan)
    resumed.begin_with(known.weights)
    assert all(map(torch.equal, resumed.model.parameters(), run.model.parameters()))


@pytest.mark.parametrize("file", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe"])
def test_a_run_that_is_damaged_is_refused(tmp_path: Path, file: str, content: bytes) -> None:
    Run(tmp_path, scales(), Plan(config("tiny", Vocabulary().size), (), 1)).save()
    (tmp_path / file).write_bytes(content)

    with pytest.raises(FileRefused, match="a training run that is damaged"):
        origin.of(tmp_path)


def test_a_folder_that_holds_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="neither a training run nor a bundle"):
        origin.of(tmp_path)
