"""The training side's commands: prepare, train, export."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

Prepared = Annotated[Path, typer.Argument(help="Folder that `prepare` wrote.")]


def register(app: typer.Typer) -> None:
    """Add the training side's commands to the one `antiphon`; none without the extra."""
    # Looked for, not imported: torch takes a second that `antiphon ports` need not spend.
    if find_spec("torch") is None:
        return
    for command in (prepare, train, export):
        app.command()(command)


def prepare(
    corpus: Annotated[Path, typer.Argument(help="Folder of MIDI files with a manifest.csv.")],
    out: Annotated[Path, typer.Argument(help="Folder for the arrays.")],
) -> None:
    """Turn a corpus of MIDI files into training arrays.

    Example: antiphon prepare corpus/ build/prepared
    """
    from . import data

    styles = data.styles_of(data.read_manifest(corpus, "train"))
    for split in ("valid", "train"):
        data.prepare(corpus, out / split, split, styles, typer.echo)


def train(
    prepared: Prepared,
    run: Annotated[Path, typer.Argument(help="Folder of the run; resumed if it is there.")],
    shape: Annotated[str, typer.Option(help="tiny or small.")] = "small",
    minutes: Annotated[float, typer.Option(help="Budget of training time.", min=0.1)] = 60,
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 1,
) -> None:
    """Train a model; kill it whenever you like, it resumes.

    Example: antiphon train build/prepared build/run --minutes 60
    """
    from .data import Corpus
    from .train import Run
    from .train import train as go

    corpora = {split: Corpus.open(prepared / split) for split in ("train", "valid")}
    go(Run(run, corpora["train"], shape, minutes, seed), corpora["valid"], typer.echo)


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a training run.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle to write.")],
    prepared: Annotated[
        Path | None, typer.Option(help="Prepared corpus to measure bits per note on.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="manifest.csv of the corpus, for the card's attributions.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the bundle.")] = "small",
) -> None:
    """Write a trained model as an 8-bit ONNX bundle, and prove that it is the same model.

    Example: antiphon export build/run engine/antiphon/engine/bundles/default
    """
    from .release import release

    release(run, folder, name, prepared, manifest, typer.echo)
