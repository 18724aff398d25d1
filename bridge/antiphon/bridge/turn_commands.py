"""The command that tries the judge of turns on melodies, and fits it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from antiphon.engine.errors import FileRefused


def register(app: typer.Typer) -> None:
    """Add `turns` to the one `antiphon`."""
    app.command()(turns)


def turns(
    melodies: Annotated[Path, typer.Argument(help="Melodies with their ends, .jsonl.xz.")],
    picture: Annotated[Path | None, typer.Option(help="Draw the curves into this PNG.")] = None,
    fit: Annotated[
        Path | None, typer.Option(help="Learn from all the melodies, keep the weights here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Say how often the judge of turns cuts people off, and how often it lets them wait.

    Each composer is judged by weights that learnt from other composers only.

    Example: antiphon turns phrases.jsonl.xz --picture turns.png
    """
    from . import songs, turn_fitting, turn_picture, turn_rehearsal, turn_trial

    read = songs.read(melodies)
    if len({song.part for song in read}) < 2:
        raise FileRefused(f"{melodies} holds too few composers to judge some by the others.")
    rows = turn_fitting.rows(read, _progress)
    if fit is not None:
        kinds = turn_fitting.KINDS
        turn_fitting.write({kind: turn_rehearsal.trained(rows, kind) for kind in kinds}, fit)
        typer.echo(f"{fit}: weights for {' and '.join(kinds)}.")
    trial = turn_trial.tried(rows, _progress)
    typer.echo(trial.text())
    if picture is not None:
        turn_picture.draw(picture, trial)
        typer.echo(f"{picture}: the curves.")
    if as_json:
        typer.echo(json.dumps(trial.as_dict()))


def _progress(text: str) -> None:
    typer.echo(text, err=True)
