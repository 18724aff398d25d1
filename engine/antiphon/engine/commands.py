"""The engine's commands: serve, models."""

from __future__ import annotations

import json
import shlex
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from . import bundle as bundles
from .errors import UserError
from .protocol import DEFAULT_ENDPOINT
from .vocabulary import Vocabulary


def register(app: typer.Typer) -> None:
    """Add the engine's commands to the one `antiphon`."""
    app.command()(serve)
    app.command()(models)


def serve(
    endpoint: Annotated[str, typer.Option(help="Where to listen.")] = DEFAULT_ENDPOINT,
    bundle: Annotated[Path | None, typer.Option(help="Folder of another model.")] = None,
    threads: Annotated[int, typer.Option(help="Threads of inference.", min=1, max=64)] = 1,
    telemetry: Annotated[
        str | None, typer.Option(help="Where to tell, once a second, how busy it is (PUB).")
    ] = None,
) -> None:
    """Run the engine alone, for plugins and scripts. Ctrl-C ends it.

    Example: antiphon serve --endpoint tcp://127.0.0.1:6470
    """
    from .__main__ import serve as run

    run(endpoint, bundle, threads, telemetry)


def models(
    folder: Annotated[Path | None, typer.Argument(help="Bundle (default: the shipped).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Verify a model bundle and say what it is.

    Example: antiphon models --json
    """
    loaded = bundles.load(folder)
    about, styles = loaded.about, sorted(loaded.about.styles, key=str.casefold)
    size = sum(len(graph) for graph in loaded.graphs.values())
    if as_json:
        figures = {"name": about.name, "precision": about.precision, "bytes": size}
        typer.echo(json.dumps({**figures, "styles": styles, "figures": about.figures}))
        return
    typer.echo(f"{about.name}: {about.precision}, {size / 1e6:.1f} MB, checksums match")
    typer.echo(f"context {about.shape.context}")
    for line in about.data:
        typer.echo(f"  {line}")
    typer.echo(f"{len(styles)} styles:")
    typer.echo(_wrapped(styles))


def check_styles(names: Iterable[str], folder: Path | None = None) -> None:
    """Refuse a style that a bundle does not know before anything is started.

    Raises UserError naming the nearest, BundleRefused if the bundle cannot be read.
    """
    about = bundles.read_about(folder or bundles.default_folder())
    vocabulary = Vocabulary(about.styles)
    try:
        for name in names:
            vocabulary.style_id(name)
    except UserError as error:
        if folder is None:
            raise
        named = shlex.join(["antiphon", "models", str(folder)])
        raise UserError(str(error).replace("`antiphon models`", f"`{named}`")) from None


def _wrapped(styles: Sequence[str]) -> str:
    """Names in lines as wide as the terminal."""
    width = shutil.get_terminal_size().columns
    indent = "  "
    return textwrap.fill(", ".join(styles), width, initial_indent=indent, subsequent_indent=indent)
