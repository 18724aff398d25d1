"""From a training run to a bundle: weights, proof of equality, figures, card."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

from antiphon.engine import bundle
from antiphon.engine import model as runtime
from antiphon.engine.errors import FileRefused
from antiphon.engine.tokens import Row

from . import measure
from .data import Corpus
from .model import COMPANIONS, Config, Model
from .to_onnx import write_bundle

PARITY = 1e-3
"""Largest difference of a logit between torch and the 32-bit graph."""
MOST_COST = 1.01
"""Bits per note that 8-bit weights may cost, as a ratio."""
LENGTHS = (0, 1, 31, 511, 1023, 1535)
"""Cache lengths at which the graphs are compared."""


def load_run(folder: Path) -> tuple[Model, tuple[str, ...]]:
    """The network of a training run, and the names of its styles."""
    try:
        about = json.loads((folder / "config.json").read_text())
        network = Model(Config(**about["config"]))
        network.load_state_dict(load_file(folder / "model.safetensors"))
    except OSError:
        raise FileRefused(f"{folder} holds no training run.") from None
    return network.eval(), tuple(about["styles"])


def release(
    run: Path,
    folder: Path,
    name: str,
    prepared: Path | None,
    manifest: Path | None,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Write, prove and describe the bundle of a run; `folder` changes only when all is proved."""
    network, styles = load_run(run)
    figures = {"parity_32_bit": _parity(network, name, styles, tell)}
    data = attributions(manifest) if manifest else ()
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch)
        written = write_bundle(network, draft, name, styles)
        if prepared:
            figures |= _judged(network, written, Corpus.open(prepared / "valid"), tell)
        written = write_bundle(network, draft, name, styles, data=data, figures=figures)
        (draft / "CARD.md").write_text(card(written))
        folder.mkdir(parents=True, exist_ok=True)
        for file in draft.iterdir():
            shutil.copy(file, folder / file.name)


def _parity(
    network: Model, name: str, styles: tuple[str, ...], tell: Callable[[str], None]
) -> float:
    """Largest difference between torch and the 32-bit graph; AssertionError beyond `PARITY`."""
    with tempfile.TemporaryDirectory() as scratch:
        exact = write_bundle(network, Path(scratch), name, styles, bits=None)
        difference = largest_difference(network, exact)
    tell(f"torch and ONNX differ by at most {difference:.1e} (32 bit)")
    if difference > PARITY:
        raise AssertionError(f"the graph is not the network: logits differ by {difference}")
    return difference


def _judged(
    network: Model, written: bundle.Bundle, corpus: Corpus, tell: Callable[[str], None]
) -> dict[str, float]:
    """Bits per note by collection, and what 8 bits cost; AssertionError if that is too much."""
    cost = measure.cost_of_bundle(network, runtime.Model(written), corpus)
    tell(f"8 bit costs {100 * (cost - 1):+.2f} % bits per note")
    if cost > MOST_COST:
        raise AssertionError(f"8 bit costs {100 * (cost - 1):.2f} % bits per note")
    table = measure.table(network, corpus, tell=tell)
    figures = {f"bits_per_note.{key}": round(value, 3) for key, value in table.items()}
    return {"cost_of_8_bit": round(cost, 5), **figures}


def largest_difference(network: Model, written: bundle.Bundle) -> float:
    """Largest difference of any logit between torch and a bundle, at each of `LENGTHS`."""
    rng = np.random.default_rng(0)
    sizes = (network.cfg.vocabulary, *COMPANIONS.values())
    rows = [Row(*(int(rng.integers(n)) for n in sizes)) for _ in range(LENGTHS[-1] + 1)]
    with torch.inference_mode():
        expected = network(torch.tensor([rows]))[0].numpy()
    slot = runtime.Model(written).slot()
    worst = 0.0
    for length in LENGTHS:
        while slot.length < length:
            slot.feed(rows[slot.length : min(length, slot.length + runtime.CHUNK)])
        slot.feed(rows[length : length + 1])
        worst = max(worst, float(np.abs(slot.logits[0] - expected[length]).max()))
    return worst


def attributions(manifest: Path) -> tuple[str, ...]:
    """One line a collection: name, pieces trained on, licence, source."""
    with manifest.open(newline="") as file:
        entries = [entry for entry in csv.DictReader(file) if entry["split"] == "train"]
    counts = Counter(entry["collection"] for entry in entries)
    lines = []
    for name, count in sorted(counts.items()):
        of = [entry for entry in entries if entry["collection"] == name]
        licences = ", ".join(sorted({entry["licence"] for entry in of}))
        sources = ", ".join(sorted({f"{e['source_repo']}@{e['source_commit'][:7]}" for e in of}))
        lines.append(f"{name}: {count} pieces, {licences}, {sources}")
    return tuple(lines)


def card(written: bundle.Bundle) -> str:
    """The model card, in Markdown."""
    about = written.about
    size = sum(len(graph) for graph in written.graphs.values()) / 1e6
    bits = {k.split(".", 1)[1]: v for k, v in about.figures.items() if "bits_per_note" in k}
    rows = "".join(f"| {name} | {value:.2f} |\n" for name, value in bits.items())
    ratio = about.figures.get("cost_of_8_bit")
    cost = f"8-bit weights cost {100 * (ratio - 1):+.2f} % bits per note." if ratio else ""
    data = "".join(f"- {line}\n" for line in about.data)
    return (
        f"# The `{about.name}` bundle\n\n"
        f"A decoder-only transformer that continues music note by note; {about.precision}, "
        f"{size:.1f} MB. Its weights are offered under Apache-2.0, like the rest of Antiphon.\n\n"
        "## How well it knows music\n\n"
        "Bits per note on pieces it never saw (first 4,096 tokens, all tokens of a piece over its "
        "notes, labels unknown):\n\n| collection | bits per note |\n|---|---|\n"
        f"{rows}\n"
        f"Torch and the 32-bit graph differ by at most {about.figures['parity_32_bit']:.1e} in any "
        f"logit, at cache lengths {', '.join(map(str, LENGTHS))}. {cost}\n\n"
        "## What it was trained on\n\n"
        f"{data}\n"
        "The collections under CC BY ask that their makers be named: the lines above do so.\n\n"
        "## What it cannot do\n\n"
        "It was trained for a short time on two CPU cores. It keeps key, register and pace of what "
        "it hears over some bars; it has no sense of long form. Most of its music is European, "
        "written between 1500 and 1930; of bands, jazz and anything electronic it knows little.\n"
    )
