"""The commands about the plugins: `antiphon plugin install`, `list` and `remove`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from antiphon.engine.protocol import DEFAULT_ENDPOINT

from . import plugins

plugin_app = typer.Typer(
    help="The plugins for DAWs.\n\nExample: antiphon plugin install", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add these commands to the one `antiphon`."""
    app.add_typer(plugin_app, name="plugin")


@plugin_app.command()
def install(
    folder: Annotated[
        Path, typer.Option("--from", help="Folder of the built plugins.")
    ] = plugins.BUILT,
) -> None:
    """Put the built plugins where DAWs look for them.

    Example: make vst && antiphon plugin install
    """
    for plugin in plugins.built(folder):
        plugins.install(plugin)
        typer.echo(str(plugin.installed))
    typer.echo(
        "Let your DAW scan its plugins again. They find `antiphon serve` "
        f"by themselves, at {DEFAULT_ENDPOINT}."
    )


@plugin_app.command("list")
def list_installed() -> None:
    """List the plugins that are installed.

    Example: antiphon plugin list
    """
    found = plugins.installed()
    for path in found:
        typer.echo(str(path))
    if not found:
        typer.echo("None is installed; `antiphon plugin install` does it.")


@plugin_app.command()
def remove() -> None:
    """Take the installed plugins away again.

    Example: antiphon plugin remove
    """
    found = plugins.installed()
    for path in found:
        plugins.remove(path)
        typer.echo(f"Removed {path}.")
    if not found:
        typer.echo("None was installed.")
