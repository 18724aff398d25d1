"""The training side's commands: prepare, train, evaluate, export."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

Prepared = Annotated[Path, typer.Argument(help="Folder that `prepare` wrote.")]

MeasuredOn = Annotated[Path | None, typer.Option(help="Prepared corpus to measure it on.")]
Manifest = Annotated[
    Path | None, typer.Option(help="manifest.csv of the corpus, for the card's attributions.")
]
Report = Annotated[
    Path | None, typer.Option(help="File of figures to write into, e.g. BENCHMARKS.md.")
]


def register(app: typer.Typer) -> None:
    """Add the training side's commands to the one `antiphon`; none without the extra."""
    # Looked for, not imported: torch takes a second that `antiphon ports` need not spend.
    if find_spec("torch") is None:
        return
    for command in (prepare, train, evaluate, ablate, export, quantize):
        app.command()(command)


def prepare(
    folder: Annotated[Path, typer.Argument(help="Folder of MIDI and MusicXML files, nested.")],
    out: Annotated[Path, typer.Argument(help="Folder for the arrays.")],
    bands: Annotated[
        Path | None,
        typer.Option(help="Folder of POP909's annotations: arrange its songs for bands, too."),
    ] = None,
) -> None:
    """Turn a folder of music into training arrays.

    Subfolders name the styles; or a manifest.csv does, and says what is held out (columns path,
    split, collection, composer, style).

    Example: antiphon prepare music/ build/prepared
    """
    from .corpus.prepare import prepare as go

    go(folder, out, typer.echo, bands)


def train(
    prepared: Prepared,
    run: Annotated[Path, typer.Argument(help="Folder of the run; resumed if it is there.")],
    shape: Annotated[str, typer.Option(help="tiny, slim, small, base or musenet.")] = "small",
    minutes: Annotated[float, typer.Option(help="Budget of training time.", min=0.1)] = 60,
    from_: Annotated[
        str, typer.Option("--from", help="Bundle or run to go on from; `default` is what ships.")
    ] = "",
    pace: Annotated[
        str, typer.Option(help="fresh, onward or tune; else fresh, or with --from tune.")
    ] = "",
    batch: Annotated[int, typer.Option(help="Times the usual batch, e.g. on a GPU.", min=1)] = 1,
    recompute: Annotated[bool, typer.Option(help="Less memory for more time.")] = False,
    samples: Annotated[bool, typer.Option(help="Render half a minute now and then.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 1,
) -> None:
    """Train a model; kill it whenever you like, it resumes.

    Look at loss.png and listen to samples/ in the run's folder meanwhile.

    Example: antiphon train build/prepared build/run --from default --minutes 10
    """
    from .corpus.data import Corpus
    from .training.beginning import begin
    from .training.running import train as go

    train_split, valid = (Corpus.open(prepared / split) for split in ("train", "valid"))
    begun = begin(
        run,
        train_split,
        shape=shape,
        minutes=minutes,
        origin=from_,
        pace=pace,
        wider=batch,
        seed=seed,
    )
    begun.model.recompute = recompute
    go(begun, valid, typer.echo, samples)
    if begun.crew.leads:
        typer.echo(f"Done: {run}. Next: antiphon export {run} BUNDLE")


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="What `prepare` wrote, or MIDI files with a manifest.csv.")
    ],
    split: Annotated[str, typer.Option(help="Which of its splits.")] = "valid",
    run: Annotated[Path | None, typer.Option(help="Training run to judge.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Bundle to judge.")] = None,
    baselines: Annotated[
        Path | None, typer.Option(help="Folder of a Markov model and a GRU to judge beside it.")
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Budget of a GRU that is not trained yet.", min=0.1)
    ] = 60,
    play: Annotated[
        int, typer.Option(help="Pieces of each kind to have it play too, e.g. 60.", min=0)
    ] = 0,
    picture: Annotated[Path | None, typer.Option(help="PNG to draw.")] = None,
    report: Report = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Say how well a model knows music it never saw, in bits per note: less is better.

    Judges the default bundle unless told otherwise. Baselines that are missing are trained on the
    folder's train split. What a bundle plays is judged beside real music: keys, copies, endings …

    Example: antiphon evaluate build/prepared --baselines build/baselines
    """
    from .audition.playing import audition
    from .corpus.splits import opened
    from .evaluation import panel
    from .evaluation.evaluate import evaluate as go
    from .evaluation.picture import draw
    from .evaluation.report import put
    from .progress import Progress

    model = panel.folder_of(run, bundle)
    judges = panel.judges_of(model)
    player = panel.player_of(model) if play else None
    if baselines:
        aside = partial(typer.echo, err=True)
        judges |= panel.baselines(baselines, folder, model, minutes, aside)
    with opened(folder, split) as corpus:
        progress = Progress("judging", len(corpus.pieces), sys.stderr)
        found = go(judges, corpus, progress.step)
        progress.end()
        if player:
            with opened(folder, "train") as known:
                found = replace(found, playing=audition(player, corpus, known, play, sys.stderr))
    if picture:
        draw(found.by_collection, picture)
    if report:
        put(report, "How well it knows music", "antiphon evaluate", found.text(), date.today())
    typer.echo(found.json() if as_json else found.text())


def ablate(
    prepared: Prepared,
    folder: Annotated[Path, typer.Argument(help="Folder of the networks; what is there is kept.")],
    minutes: Annotated[float, typer.Option(help="Budget of each.", min=0.1)] = 6,
    bundle: Annotated[Path | None, typer.Option(help="Bundle to tell things to.")] = None,
    report: Report = None,
) -> None:
    """Say what each idea is worth: a small network trained without it, or with it, for as long.

    Then what the model that ships gains by being told something. Kill it whenever you like.

    Example: antiphon ablate build/prepared build/ablations --minutes 6 --report BENCHMARKS.md
    """
    from .corpus.data import Corpus
    from .evaluation import panel, worth
    from .evaluation.report import put
    from .network import origin
    from .training.ablations import ablate as go

    train_split, valid = (Corpus.open(prepared / split) for split in ("train", "valid"))
    aside = partial(typer.echo, err=True)
    trained = worth.of_training(go(folder, train_split, valid, minutes, aside))
    network = origin.of(panel.folder_of(None, bundle)).network()
    told = worth.of_telling(network, valid, aside)
    text = f"{trained.text()}\n\n{told.text()}"
    if report:
        put(report, "What each idea is worth", f"antiphon ablate --minutes {minutes:g}", text,
            date.today())  # fmt: skip
    typer.echo(text)


def export(
    source: Annotated[Path, typer.Argument(help="Folder of a training run, or of a bundle.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle to write.")],
    prepared: MeasuredOn = None,
    manifest: Manifest = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="What `evaluate --json` printed, for the card.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the bundle; else the source's.")] = "",
    bits: Annotated[int, typer.Option(help="Bits of the weights: 32, 8 or 4.")] = 8,
) -> None:
    """Write a trained model as an ONNX bundle, and prove that it is the same model.

    Example: antiphon export build/run build/bundle --prepared build/prepared
    """
    from .release.writing import Order, release

    release(Order(source, folder, bits, name, prepared, manifest, evaluation), typer.echo)


def quantize(
    source: Annotated[Path, typer.Argument(help="Folder of a training run, or of a bundle.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the smaller bundle to write.")],
    prepared: Annotated[Path, typer.Option(help="Prepared corpus to measure the cost on.")],
    bits: Annotated[int, typer.Option(help="Bits of the weights: 8 or 4.")] = 8,
    manifest: Manifest = None,
) -> None:
    """Store a model's weights in fewer bits, unless that costs more than 1 % bits per note.

    Example: antiphon quantize build/bundle build/small --bits 4 --prepared build/prepared
    """
    from .release.writing import Order, quantise

    quantise(Order(source, folder, bits, prepared=prepared, manifest=manifest), typer.echo)
