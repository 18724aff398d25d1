"""What each idea is worth: the same small network trained without it, or with it, for as long.

Every variant trains the `slim` shape from nothing on the same data for the same processor time, and
is judged as usual. A variant that is done is not trained again, so a table can be made in pieces.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.engine.errors import UserError
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network import measure
from ..network.measure import Told
from ..network.model import config
from ..network.recipe import USUAL, Recipe
from .running import train
from .schedule import FRESH
from .train import Plan, Run

SHAPE = "slim"


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that is done differently."""

    recipe: Recipe = USUAL
    deaf: bool = False
    """Does not see which pitches sound."""
    told: Told = measure.USUAL


VARIANTS = {
    "as it ships": Variant(),
    "no timing": Variant(replace(USUAL, no_timing=1)),
    "no chord": Variant(replace(USUAL, no_chord=1), told=Told(chord=False)),
    "no part, no countdown": Variant(replace(USUAL, no_whole=1)),
    "no labels": Variant(replace(USUAL, no_labels=1)),
    "labels told once": Variant(replace(USUAL, retold=0)),
    "no transposition": Variant(replace(USUAL, transpose=0)),
    "no change of force": Variant(replace(USUAL, louder=0)),
    "no uneven timing": Variant(replace(USUAL, uneven=0)),
    "no infill": Variant(replace(USUAL, infill=0)),
    "mix-up": Variant(replace(USUAL, mix_up=0.1)),
    "no pitches sounding": Variant(deaf=True),
}
"""All ablations; the first is what the others are compared with."""


def ablate(
    folder: Path, train_split: Corpus, valid: Corpus, minutes: float, tell: Callable[[str], None]
) -> dict[str, float]:
    """Macro bits per note of each variant after `minutes` of training. Blocks for all of them.

    UserError if the folder holds some that were trained for another time.
    """
    figures = {}
    for name, variant in VARIANTS.items():
        file = folder / name.replace(" ", "_").replace(",", "") / "figures.json"
        if not file.exists():
            tell(f"{name}: {minutes:g} minutes of training")
            file.parent.mkdir(parents=True, exist_ok=True)
            run = _run(file.parent, train_split, variant, minutes)
            train(run, valid, tell, samples=False)
            judged = measure.table(run.model, valid, told=variant.told)
            file.write_text(json.dumps({"minutes": minutes, "steps": run.progress.step, **judged}))
        kept = json.loads(file.read_text())
        if kept["minutes"] != minutes:
            raise UserError(f"{file.parent} was trained for {kept['minutes']:g} minutes.")
        figures[name] = float(kept["macro"])
    return figures


def _run(folder: Path, corpus: Corpus, variant: Variant, minutes: float) -> Run:
    shape = config(SHAPE, Vocabulary(corpus.styles).size)
    run = Run(folder, corpus, Plan(shape, corpus.styles, minutes, variant.recipe, FRESH))
    # It starts as nothing, so what never learns is as good as not there.
    run.model.sounding.requires_grad_(not variant.deaf)
    return run
