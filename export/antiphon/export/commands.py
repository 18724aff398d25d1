"""The training side's commands: prepare, train, evaluate, export, bench."""

from __future__ import annotations

import shlex
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from antiphon.engine.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .corpus.data import Corpus
    from .evaluation.evaluate import Evaluation
    from .network.measure import Judge

BUDGET = (
    "Minutes of work on all cores (processor time over the threads); longer by the clock if the "
    "machine is busy."
)

ANYTHING = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Settings of a command that takes whatever it is given."""

Prepared = Annotated[Path, typer.Argument(help="Folder that `prepare` wrote.")]

MeasuredOn = Annotated[Path | None, typer.Option(help="Prepared corpus to measure it on.")]
Manifest = Annotated[
    Path | None, typer.Option(help="manifest.csv of the corpus, for the card's attributions.")
]
Report = Annotated[
    Path | None, typer.Option(help="File of figures to write into, e.g. BENCHMARKS.md.")
]


def register(app: typer.Typer) -> None:
    """Add the training side's commands to the one `antiphon`.

    Without the extra they only say what is missing.
    """
    # Looked for, not imported: torch takes a second that `antiphon ports` need not spend.
    there = find_spec("torch") is not None
    for command in (prepare, train, evaluate, ablate, export, quantize, bench):
        if there:
            app.command()(command)
        else:
            app.command(command.__name__, hidden=True, context_settings=ANYTHING)(_lacking)


def _lacking(context: typer.Context) -> None:
    raise UserError(
        f"`{context.command_path}` needs torch, which is not installed: "
        "README, *Your own music*, says how."
    )


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
    shape: Annotated[
        str,
        typer.Option(
            help="tiny, slim, small, base or musenet; else small. "
            "musenet is too large for a bundle: it can be trained and judged, not exported."
        ),
    ] = "",
    minutes: Annotated[float, typer.Option(help=BUDGET, min=0.1)] = 60,
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
    """Train a model; kill it whenever you like: the same command resumes it.

    Look at loss.png and listen to samples/ in the run's folder meanwhile.

    Example: antiphon train build/prepared build/run --from default --minutes 10
    """
    from .corpus.data import SPLITS, Corpus

    typer.echo(f"Reading {prepared}.")
    train_split, valid = (Corpus.open(prepared / split) for split in SPLITS)

    # With them comes torch, which takes seconds to load.
    from .network import measure
    from .training.beginning import begin
    from .training.running import LOOKS
    from .training.running import train as go

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
    finished = begun.share >= 1.0
    go(begun, valid, typer.echo, samples)
    if begun.crew.leads:
        if valid.pieces and not finished:
            begun.take_best()
            typer.echo(LOOKS)
            typer.echo(_judged({run.name: measure.network(begun.model)}, valid).text())
        typer.echo(f"Done: {run}. Next: antiphon export {run} BUNDLE --prepared {prepared}")


def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="What `prepare` wrote, or music with a manifest.csv.")
    ],
    split: Annotated[str, typer.Option(help="Which of its splits.")] = "valid",
    run: Annotated[Path | None, typer.Option(help="Training run to judge.")] = None,
    bundle: Annotated[Path | None, typer.Option(help="Bundle to judge; not with --run.")] = None,
    baselines: Annotated[
        Path | None, typer.Option(help="Folder of a Markov model and a GRU to judge beside it.")
    ] = None,
    minutes: Annotated[
        float,
        typer.Option(help=f"Of a GRU that had less so far. {BUDGET}", min=0.1),
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
    `remembering` is a bundle as it plays: with the memory that a session has of its own music.

    Example: antiphon evaluate build/prepared --baselines build/baselines
    """
    from .audition.playing import audition
    from .corpus.splits import opened
    from .evaluation import panel
    from .evaluation.picture import draw
    from .evaluation.report import put
    from .network import facts

    aside = partial(typer.echo, err=True)
    model = panel.folder_of(run, bundle)
    judges = panel.judges_of(model)
    player = panel.player_of(model) if play else None
    with opened(folder, split, aside) as corpus, ExitStack() as stack:
        known = stack.enter_context(opened(folder, "train", aside)) if baselines or play else corpus
        if baselines:
            judges |= panel.baselines(baselines, known, model, minutes, aside)
        found = _judged(judges, corpus)
        if player:
            found = replace(found, playing=audition(player, corpus, known, play, sys.stderr))
    about = facts.of(model)
    named = found.naming("default", about.name)
    told = found.json(model=facts.fingerprint(model), bits=about.bits, split=split)
    typer.echo(told if as_json else named.text())
    if panel.REMEMBERING in judges and not as_json:
        typer.echo(f"\n{panel.WORDS}")
    if picture:
        draw(named.by_collection, picture)
    if report:
        put(report, "How well it knows music", _command(), named.text(), date.today())


def ablate(
    prepared: Prepared,
    folder: Annotated[Path, typer.Argument(help="Folder of the networks; what is there is kept.")],
    minutes: Annotated[float, typer.Option(help=f"Of each. {BUDGET}", min=0.1)] = 6,
    bundle: Annotated[Path | None, typer.Option(help="Bundle to tell things to.")] = None,
    report: Report = None,
) -> None:
    """Say what each idea is worth: a small network trained without it, or with it, for as long.

    Then what the model that ships gains by being told something. Kill it whenever you like.

    Example: antiphon ablate build/prepared build/ablations --minutes 6 --report BENCHMARKS.md
    """
    from .corpus.splits import prepared as opened
    from .evaluation import panel, worth
    from .evaluation.report import put
    from .network import origin
    from .training.ablations import ablate as go

    train_split, valid = (opened(prepared, split) for split in ("train", "valid"))
    aside = partial(typer.echo, err=True)
    taken = origin.of(panel.folder_of(None, bundle))
    trained = worth.of_training(go(folder, train_split, valid, minutes, aside))
    told = worth.of_telling(taken.network(), taken.styles, valid, aside)
    text = f"{trained.text()}\n{worth.CHANCE}\n\n{told.text()}"
    typer.echo(text)
    if report:
        put(report, "What each idea is worth", _command(), text, date.today())


def export(
    source: Annotated[Path, typer.Argument(help="Folder of a training run, or of a bundle.")],
    folder: Annotated[Path, typer.Argument(help="Folder of the bundle to write.")],
    prepared: MeasuredOn = None,
    manifest: Manifest = None,
    evaluation: Annotated[
        Path | None, typer.Option(help="What `evaluate --json` printed, for the card.")
    ] = None,
    name: Annotated[
        str,
        typer.Option(help="Name of the bundle; else a run takes its folder's, a bundle its own."),
    ] = "",
    bits: Annotated[int, typer.Option(help="Bits of the weights: 32, 8 or 4.")] = 8,
) -> None:
    """Write a trained model as an ONNX bundle, and prove that it is the same model.

    Example: antiphon export build/run build/bundle --prepared build/prepared
    """
    from .release.writing import Order, release

    release(Order(source, folder, bits, name, prepared, manifest, evaluation), typer.echo)
    typer.echo(f"Done: {folder}. Next: {_play(folder, prepared)}")


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
    typer.echo(f"Done: {folder}. Next: {_play(folder, prepared)}")


def bench(
    bundle: Annotated[Path | None, typer.Option(help="Bundle to time; else what ships.")] = None,
    shape: Annotated[
        str, typer.Option(help="Shape of random weights to time beside it: small, base, …")
    ] = "base",
    peers: Annotated[
        bool,
        typer.Option(help="Time ONNX Runtime GenAI and llama.cpp too, where they are installed."),
    ] = False,
    live: Annotated[float, typer.Option(help="Minutes of the live load; 0 for none.", min=0)] = 1,
    sessions: Annotated[int, typer.Option(help="Players of the live load.", min=1)] = 32,
    rounds: Annotated[int, typer.Option(help="Rounds; medians count.", min=1, max=100)] = 7,
    report: Report = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The last line, and nothing else.")
    ] = False,
) -> None:
    """Time decoding beside the floor and beside other engines, then play live with many.

    All on one machine in one run, a few minutes long: only the ratios mean something elsewhere. The
    last line is one JSON object. Other engines: pip install onnxruntime-genai llama-cpp-python gguf

    Example: antiphon bench --peers --live 10 --report BENCHMARKS.md
    """
    from .bench import table
    from .bench.bench import Plan
    from .bench.bench import bench as go
    from .evaluation.report import put

    found = go(Plan(bundle, shape, peers, sessions, live, rounds))
    if report:
        put(report, "How fast it is", _command(), table.text(found), date.today())
    if not as_json:
        typer.echo(table.text(found) + "\n")
    typer.echo(table.as_json(found))


def _judged(judges: Mapping[str, Judge], corpus: Corpus) -> Evaluation:
    from .evaluation.evaluate import evaluate as go
    from .progress import Progress

    progress = Progress("judging", len(corpus.pieces), sys.stderr)
    found = go(judges, corpus, progress.step)
    progress.end()
    return found


def _play(bundle: Path, prepared: Path | None) -> str:
    """The command that plays a bundle, in the commonest style of the music it was measured on."""
    from .corpus.data import Corpus

    styles = Corpus.open(prepared / "train").styles if prepared else ()
    style = ["--style", styles[0]] if styles else []
    return shlex.join(["antiphon", "play", "--bundle", str(bundle), *style])


def _command() -> str:
    """The command that is running, as it was given."""
    return shlex.join(["antiphon", *sys.argv[1:]])
