"""`antiphon ablate`: every variant is another training, judged alike, and trained only once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from antiphon.engine.errors import UserError
from antiphon.export.commands import register
from antiphon.export.evaluation import worth
from antiphon.export.network import measure
from antiphon.export.network.measure import Told
from antiphon.export.network.recipe import USUAL
from antiphon.export.training import ablations, train
from antiphon.export.training.ablations import AGAIN, VARIANTS, Trained, Variant, ablate
from antiphon.export.training.schedule import Schedule
from bundles import STYLES, tiny_folder, tiny_network
from corpora import scales
from midifiles import written
from tunes import notes_of, tune

MINUTES = 0.01


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variants of a tiny network."""
    monkeypatch.setattr(ablations, "SHAPE", "tiny")
    monkeypatch.setattr(ablations, "FRESH", Schedule(((1.0, 2, 64),)))
    monkeypatch.setattr(
        ablations, "VARIANTS", {"as it ships": Variant(), "no pitches": Variant(deaf=True)}
    )


def test_each_variant_but_the_first_differs_and_no_two_are_alike() -> None:
    variants = list(VARIANTS.values())

    assert variants[0] == Variant(USUAL)
    assert VARIANTS[AGAIN] == Variant(USUAL, seed=2)
    assert len(set(variants)) == len(variants)


@pytest.mark.usefixtures("little")
def test_what_is_trained_is_not_trained_again(tmp_path: Path) -> None:
    told: list[str] = []
    first = ablate(tmp_path, scales(), scales(), MINUTES, told.append)
    said = len(told)
    again = ablate(tmp_path, scales(), scales(), MINUTES, told.append)

    assert list(first) == ["as it ships", "no pitches"]
    assert again == first
    assert len(told) == said
    kept = json.loads((tmp_path / "no_pitches" / "figures.json").read_text())
    assert (kept["macro"], kept["steps"]) == first["no pitches"]
    assert kept["minutes"] == MINUTES
    with pytest.raises(UserError, match="was trained for"):
        ablate(tmp_path, scales(), scales(), 2 * MINUTES, told.append)
    others = replace(scales(), pieces=scales().pieces[:3])
    for music in ((others, scales()), (scales(), others)):
        with pytest.raises(UserError, match="trained on other music; name another folder"):
            ablate(tmp_path, *music, MINUTES, told.append)
    (tmp_path / "no_pitches" / "figures.json").write_text("")
    with pytest.raises(UserError, match="is damaged: delete it"):
        ablate(tmp_path, scales(), scales(), MINUTES, told.append)


@pytest.mark.usefixtures("little")
def test_all_are_trained_in_the_precision_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "bf16_pays", iter([False, True]).__next__)
    ablate(tmp_path, scales(), scales(), MINUTES, lambda _: None)

    for name in ("as_it_ships", "no_pitches"):
        assert json.loads((tmp_path / name / "figures.json").read_text())["bf16"] is False


@pytest.mark.usefixtures("little")
def test_a_deaf_network_never_learns_what_sounds(tmp_path: Path) -> None:
    ablate(tmp_path, scales(), scales(), MINUTES, lambda _: None)
    weights = {
        name: torch.load(tmp_path / name / "state.pt", weights_only=True)["weights"]
        for name in ("as_it_ships", "no_pitches")
    }

    assert not weights["no_pitches"]["sounding.weight"].any()
    assert weights["as_it_ships"]["sounding.weight"].any()


def test_changes_are_against_the_first() -> None:
    figures = worth.of_training(
        {"as it ships": Trained(8, 900), "no chord": Trained(10, 800), "mix-up": Trained(6, 850)}
    ).figures

    assert figures["change, %"] == {"as it ships": 0, "no chord": 25, "mix-up": -25}


def test_a_network_is_told_one_thing_after_another_and_a_memory_of_scales_helps() -> None:
    """Of a corpus whose styles are the model's in another order, and one that it does not know."""
    told: list[str] = []
    music = replace(
        scales(),
        styles=("polka", *STYLES[::-1]),
        pieces=tuple(replace(piece, styles=("polka", STYLES[1])) for piece in scales().pieces),
    )
    figures = worth.of_telling(tiny_network(), STYLES, music, told.append).figures["bits per note"]

    assert list(figures) == [*worth.TOLD, worth.MEMORY]
    assert len(told) == len(worth.TOLD) + 1
    assert told[-1].startswith("the memory's weights learnt on these pieces: scale ")
    assert figures[worth.MEMORY] < 0.8 * figures["nothing"]
    # Whatever is told changes something.
    assert len({round(bits, 9) for bits in figures.values()}) == len(figures)
    known = measure.table(tiny_network(), music, told=Told(labels=("styles",), styles=STYLES))[
        "macro"
    ]
    assert figures["label: styles"] == pytest.approx(known)
    wrong = Told(labels=("styles",), styles=STYLES[::-1])
    assert known != measure.table(tiny_network(), music, told=wrong)["macro"]


@pytest.mark.usefixtures("little")
def test_the_command_writes_both_tables_into_the_report(tmp_path: Path) -> None:
    music, prepared, report = (tmp_path / name for name in ("music", "prepared", "report.md"))
    for i in range(40):
        written(music / "a" / f"{i}.mid", notes_of(tune(i, 60)))
    app = typer.Typer()
    register(app)
    for arguments in (
        ["prepare", music, prepared],
        ["ablate", prepared, tmp_path / "runs", "--minutes", "0.1", "--bundle", tiny_folder(),
         "--report", report],
    ):  # fmt: skip
        result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
        assert result.exit_code == 0

    assert "## What each idea is worth" in report.read_text()
    assert worth.CHANCE in result.stdout
    for row in ("as it ships", "no pitches", "all labels", worth.MEMORY):
        assert row in result.stdout
        assert row in report.read_text()
