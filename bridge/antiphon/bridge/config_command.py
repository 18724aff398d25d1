"""`antiphon config`: what is set for good, and how it is changed."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from . import config_file
from .flags import Flags
from .preferences import load, understood

CONFIG = typer.Typer(
    invoke_without_command=True,
    help="Show or change what `antiphon play` does without being told.\n\n"
    "Example: antiphon config set tempo 96",
)


def register(app: typer.Typer) -> None:
    """Add `config` to the one `antiphon`."""
    app.add_typer(CONFIG, name="config")


def play_flags(context: typer.Context) -> Flags:
    """The options of `antiphon play`, from wherever in `antiphon` one is."""
    root: Any = context.find_root().command
    return Flags(root.commands["play"])


def defaults(context: typer.Context) -> dict[str, Any]:
    """Click's `default_map` for the command that is about to run. [may block]"""
    if context.invoked_subcommand != "play":
        return {}
    flags = play_flags(context)
    return {"play": flags.defaults(load(flags).values)}


@CONFIG.callback()
def show(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Show where the configuration is and what it says. A flag goes before it.

    Example: antiphon config set style chopin
    """
    if context.invoked_subcommand:
        return
    path = config_file.where()
    preferences = load(play_flags(context))
    if as_json:
        told = {"path": str(path), "exists": path.exists(), "values": preferences.as_dict()}
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{path}" if path.exists() else f"{path} (not there: nothing is set)")
    for line in preferences.lines():
        typer.echo(f"  {line}")


@CONFIG.command()
def path() -> None:
    """Print where the configuration is, or would be.

    Example: antiphon config path
    """
    typer.echo(str(config_file.where()))


@CONFIG.command("set")
def set_key(
    context: typer.Context,
    key: Annotated[str, typer.Argument(help="A flag of `antiphon play`, or midi.ACTION.")],
    values: Annotated[list[str], typer.Argument(help="One value, or several where they repeat.")],
) -> None:
    """Set a key for good.

    Example: antiphon config set tempo 96

    A pedal, key or pad: antiphon config set midi.panic 'note 36 ch 10'
    """
    where, flags = config_file.where(), play_flags(context)
    bound = key.startswith(f"{config_file.MIDI}.")
    value = ", ".join(values) if bound else flags.typed(key, values)
    text = config_file.read(where)
    config_file.parse(text, where)  # else it is changed by hand first
    changed = config_file.with_key(text, key, value)
    if not bound:
        flags.check({key: value})
    understood(changed, where, flags)
    config_file.write(where, changed)
    typer.echo(f"{key} = {', '.join(values)}")


@CONFIG.command()
def unset(
    key: Annotated[str, typer.Argument(help="What shall be as usual again.")],
) -> None:
    """Take a key out.

    Example: antiphon config unset tempo
    """
    where = config_file.where()
    text = config_file.read(where)
    config_file.parse(text, where)
    config_file.write(where, config_file.without_key(text, key))
