"""What each idea is worth: the same small network trained without it, or with it, for as long.

Every variant trains the `slim` shape from nothing on the same data for the same minutes, and
is judged as usual. A variant that is done is not trained again, so a table can be made in pieces.
The first is trained twice, from other seeds: what two seeds differ by is chance.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network import measure
from ..network.measure import MACRO, Told
from ..network.model import config
from ..network.recipe import USUAL, Recipe
from ..wholefile import whole
from .running import train
from .schedule import FRESH
from .train import Plan, Run

SHAPE = "slim"
AGAIN = "as it ships, again"
"""The variant that differs by its seed alone."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One thing that is done differently."""

    recipe: Recipe = USUAL
    deaf: bool = False
    """Does not see which pitches sound."""
    told: Told = measure.USUAL
    seed: int = 1


VARIANTS = {
    "as it ships": Variant(),
    AGAIN: Variant(seed=2),
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


class Trained(NamedTuple):
    """What came of a variant."""

    bits: float
    """Macro, per note."""
    steps: int
    """Taken in the time: fewer on a busier machine."""


def ablate(
    folder: Path, train_split: Corpus, valid: Corpus, minutes: float, tell: Callable[[str], None]
) -> dict[str, Trained]:
    """What came of each variant after `minutes` of training. Blocks for all of them.

    All are trained in the precision that paid for the first. UserError if the folder holds some
    that were trained for another time, or on other music.
    """
    found: dict[str, dict[str, Any]] = {}
    asked = {"minutes": minutes, "music": [train_split.digest(), valid.digest()]}
    for name, variant in VARIANTS.items():
        file = folder / name.replace(" ", "_").replace(",", "") / "figures.json"
        if not file.exists():
            tell(f"{name}: {minutes:g} minutes of training")
            run = _run(file.parent, train_split, variant, minutes)
            run.bf16 = next(iter(found.values()), {"bf16": run.bf16})["bf16"]
            train(run, valid, tell, samples=False)
            judged = measure.table(run.model, valid, told=variant.told)
            with whole(file) as fresh:
                steps = {"bf16": run.bf16, "steps": run.progress.step}
                fresh.write_text(json.dumps(asked | steps | judged))
        found[name] = _kept(file, asked)
    return {name: Trained(float(kept[MACRO]), kept["steps"]) for name, kept in found.items()}


def _kept(file: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(file.read_text())
        minutes, music, *_ = (kept[n] for n in ("minutes", "music", "bf16", "steps", MACRO))
    except (OSError, ValueError, KeyError, TypeError):
        raise FileRefused(f"{file} is damaged: delete it.") from None
    if minutes != asked["minutes"]:
        raise UserError(f"{file.parent} was trained for {minutes:g} minutes.")
    if music != asked["music"]:
        raise UserError(f"{file.parent} was trained on other music; name another folder.")
    return kept


def _run(folder: Path, corpus: Corpus, variant: Variant, minutes: float) -> Run:
    shape = config(SHAPE, Vocabulary(corpus.styles).size)
    plan = Plan(shape, corpus.styles, minutes, variant.recipe, FRESH, variant.seed)
    run = Run(folder, corpus, plan)
    # It starts as nothing, so what never learns is as good as not there.
    run.model.sounding.requires_grad_(not variant.deaf)
    return run
