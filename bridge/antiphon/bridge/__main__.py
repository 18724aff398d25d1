"""`antiphon`: one command, to which each installed folder adds its own."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

import typer

from antiphon.engine.errors import AntiphonError

APP = typer.Typer(
    name="antiphon",
    help="Antiphon listens while you play, and answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@APP.callback()
def _about() -> None:
    """Antiphon listens while you play, and answers."""


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    for point in entry_points(group="antiphon.commands"):
        point.load()(APP)
    try:
        APP()
    except AntiphonError as error:
        typer.echo(str(error), err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
