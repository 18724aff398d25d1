"""What is known of a model besides its weights: where it comes from, and what was measured of it.

All of it is numbers by name and lines of text, so that it fits in `bundle.json` and goes from a run
to a bundle, and from that to the next, with nothing lost.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from antiphon.engine import bundle
from antiphon.engine.errors import FileRefused

from ..corpus.data import Corpus

REMEASURED = ("parity_32_bit", "precision.", "cost_of_8_bit")
"""Figures of a bundle that say nothing of another one made from it."""
BEST, LATEST = "best.safetensors", "model.safetensors"
"""Weights of a run: those that were judged best, if any were judged, and the last."""
MUSIC = "music"
"""Where a run's plan keeps the pieces of each collection it trains on."""
BEGUN = "begun with the weights of "
"""How the line starts behind which stands what a model's origin was trained on."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a run or a bundle tells of itself."""

    name: str
    bits: int
    """Bits that its weights are stored in."""
    data: tuple[str, ...]
    """What it was trained on, one line a collection."""
    figures: dict[str, float]
    """`training.tokens`, `bits_per_note.macro` and the like."""


def of(folder: Path) -> Facts:
    """What the folder of a run or a bundle tells; FileRefused if it is neither."""
    return of_bundle(folder) if (folder / "bundle.json").exists() else of_run(folder)


def of_bundle(folder: Path) -> Facts:
    """What `bundle.json` tells, but for what holds of that bundle alone."""
    about = bundle.read_about(folder)
    kept = {k: v for k, v in about.figures.items() if not k.startswith(REMEASURED)}
    return Facts(about.name, int(about.precision.split()[0]), about.data, kept)


def of_run(folder: Path) -> Facts:
    """What a run's plan and state tell, those of the model it began with included."""
    try:
        plan = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError):
        raise FileRefused(f"{folder} holds neither a training run nor a bundle.") from None
    recipe = {f"recipe.{k}": v for k, v in numbers(plan.get("recipe", {}))}
    music = tuple(f"{name}: {count} pieces" for name, count in plan.get(MUSIC, {}).items())
    facts = Facts(folder.resolve().name, 32, music, recipe | _spent(folder))
    return _with_origin(facts, plan["origin"]) if plan.get("origin") else facts


def weights_of(run: Path) -> Path:
    """The weights that stand for a run: those judged best, else the last."""
    best = run / BEST
    return best if best.exists() else run / LATEST


def best_of(run: Path) -> dict[str, float]:
    """Of the weights judged best `bits_a_note`, `step`, `tokens`, `seconds`; {} if none were.

    Raises FileRefused if their file is damaged.
    """
    file = run / BEST
    if not file.exists():
        return {}
    try:
        with safe_open(file, "pt") as best:
            return {name: float(value) for name, value in best.metadata().items()}
    except (OSError, SafetensorError, ValueError, AttributeError):
        raise FileRefused(f"{run} holds a training run that is damaged.") from None


def _with_origin(facts: Facts, origin: dict[str, Any]) -> Facts:
    """The facts of a run, with those (as a table) of the model whose weights it began with.

    What is the run's own stays apart: its collections come first, its figures are `own.…` too.
    """
    spent = {k: v for k, v in origin["figures"].items() if k.startswith("training.")}
    in_all = {k: facts.figures.get(k, 0) + v for k, v in spent.items()}
    own = {k: v for k, v in facts.figures.items() if k.startswith("training.")}
    own = {k.replace("training.", "own."): v for k, v in own.items()}
    data = (*facts.data, f"{BEGUN}`{origin['name']}`, which was trained on", *_once(origin["data"]))
    return replace(facts, data=data, figures=facts.figures | in_all | own)


def _once(lines: Iterable[str]) -> list[str]:
    """Each collection once, in the words that come first; of origins those that add one."""
    told: dict[str, str] = {}
    for line in lines:
        told.setdefault(line.replace(" pieces offered", " pieces"), line)
    kept = list(told.values())
    return [
        line for line, after in pairwise([*kept, BEGUN])
        if not (line.startswith(BEGUN) and after.startswith(BEGUN))
    ]  # fmt: skip


def _spent(folder: Path) -> dict[str, float]:
    """Steps, tokens and minutes behind a run's weights; nothing if its state was not kept."""
    try:
        state = folder / "state.pt"
        spent = best_of(folder) or torch.load(state, "cpu", weights_only=True)["progress"]
    except OSError:
        return {}
    return {
        "training.steps": spent["step"],
        "training.tokens": spent["tokens"],
        "training.minutes": round(spent["seconds"] / 60, 1),
    }


def fingerprint(folder: Path) -> str:
    """What tells the weights of a run or a bundle from any others: SHA-256 of their file."""
    for file in (folder / "model.onnx", weights_of(folder)):
        if file.exists():
            return hashlib.sha256(file.read_bytes()).hexdigest()
    raise FileRefused(f"{folder} holds neither a training run nor a bundle.")


def attributions(manifest: Path, prepared: Path | None = None) -> tuple[str, ...]:
    """One line a collection: name, pieces offered for training, licence, source.

    Collections of prepared music that the manifest lacks were made of the others, and are named so.
    Columns `licence`, `source_repo` and `source_commit` may be missing; FileRefused if the file
    cannot be read, or says of nothing that it was trained on.
    """
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            entries = [entry for entry in csv.DictReader(file) if entry.get("split") == "train"]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"{manifest} cannot be read ({error}).") from None
    if not entries:
        raise FileRefused(f"{manifest} has no line whose split is 'train'.")
    offered: dict[str, list[dict[str, str]]] = {}
    for entry in entries:
        offered.setdefault(entry.get("collection") or "unnamed", []).append(entry)
    lines = tuple(_line(name, of) for name, of in sorted(offered.items()))
    trained = Corpus.open(prepared / "train").by_collection() if prepared else {}
    made = ((name, len(pieces)) for name, pieces in trained.items() if name not in offered)
    return (*lines, *(f"{name}: {count} pieces, made of the others" for name, count in made))


def _line(name: str, entries: list[dict[str, str]]) -> str:
    licences = {entry.get("licence") or "licence not stated" for entry in entries}
    sources = {
        f"{entry['source_repo']}@{(entry.get('source_commit') or '')[:7]}".rstrip("@")
        for entry in entries
        if entry.get("source_repo")
    }
    return f"{name}: {len(entries)} pieces offered, " + ", ".join(
        [*sorted(licences), *sorted(sources)]
    )


def attributed(known: Facts, told: tuple[str, ...]) -> Facts:
    """The same with collections told in a manifest's words, where a run has but counted them."""
    named = {line.partition(":")[0] for line in told}
    counted = {line for line in known.data if re.sub(r": \d+ pieces$", "", line) in named}
    rest = (line for line in known.data if line not in counted)
    return replace(known, data=tuple(dict.fromkeys((*told, *rest))))


def evaluated(file: Path, source: Path) -> dict[str, float]:
    """Figures of what `antiphon evaluate --json` printed of the model in the folder `source`.

    The model's own become `bits_per_note.…`, others' `baseline.<model>.…`; further tables keep
    their names. FileRefused if it is something else, or of another model.
    """
    try:
        text = file.read_text()
        found = json.loads(text[text.index("{") :])  # what goes before it is progress
        models, judged_bits = found.pop("models"), float(found.pop("bits"))
        judged = found.pop("model")
        figures: dict[str, float] = {"judged_bits": judged_bits}
        for model, column in models.items():
            start = "bits_per_note" if model == "default" else f"baseline.{model}"
            figures |= {f"{start}.{k}": v for k, v in numbers(column["by_collection"])}
            figures[f"{start}.macro"] = float(column["macro_bits_per_note"])
            figures |= dict(numbers(column.get("by_kind", {}), f"by_kind.{model}."))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise FileRefused(f"{file} is not what `antiphon evaluate --json` prints.") from None
    if judged != fingerprint(source):
        raise FileRefused(f"{file} is of another model than {source}: evaluate that one.")
    return figures | dict(numbers(found))


def numbers(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """Every number in a table of tables, by its names with dots between."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from numbers(value, f"{before}{key}.")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{before}{key}", value
