"""One command line, to which each installed folder adds its commands."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points, version
from typing import Annotated

import typer

from antiphon.engine.errors import AntiphonError

from .config_command import defaults
from .flags import plain

INTERRUPTED = 130
UsageError: type[typer.BadParameter] = typer.BadParameter.__bases__[0]
"""What is raised where a command line is not understood: Typer has a name for one kind only."""

APP = typer.Typer(
    name="antiphon",
    help="Antiphon listens while you play, and answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"antiphon {version('antiphon')}")
        raise typer.Exit


@APP.callback()
def _about(
    context: typer.Context,
    _wanted: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version)
    ] = False,
) -> None:
    """Antiphon listens while you play, and answers."""
    context.default_map = defaults(context)


for _point in entry_points(group="antiphon.commands"):
    _point.load()(APP)


def run() -> None:
    """Do what the command line says; ends the process with the exit code."""
    try:
        code = APP(standalone_mode=False)
    except UsageError as error:
        code = _refused(error)
    except AntiphonError as error:
        typer.echo(str(error), err=True)
        code = error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    sys.exit(code or 0)


def _refused(error: typer.BadParameter) -> int:
    """Say in a sentence what is wrong with what was asked, and where to read what is right."""
    said = plain(error.format_message())
    if said:  # else nothing was asked, and the help is printed already
        command = error.ctx.command_path if error.ctx else "antiphon"
        said += "" if said.endswith("?") else ";"
        typer.echo(f"{said} `{command} --help` shows how.", err=True)
    return error.exit_code
