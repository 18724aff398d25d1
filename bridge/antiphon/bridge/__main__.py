"""`antiphon`: the program. What it can do, `app.py` gathers."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; ends the process with the command's exit code."""
    # Loading takes a while. Ctrl-C then simply ends it: there is nothing to say, or to undo.
    python_listens = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if python_listens:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .app import run

    if python_listens:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
