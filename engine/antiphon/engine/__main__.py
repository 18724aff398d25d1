"""`python -m antiphon.engine`: the engine process, as `antiphon serve` and the bridge start it.

Prints one line of JSON when it is ready, so that whoever started it knows where it listens.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from .bundle import load
from .capacity import capacity
from .desk import MAX_SESSIONS, Desk
from .errors import AntiphonError
from .model import Model
from .protocol import DEFAULT_ENDPOINT
from .server import Server


def serve(
    endpoint: str,
    folder: Path | None,
    threads: int,
    telemetry: str | None = None,
    *,
    until_stdin_closes: bool = False,
) -> None:
    """Load the bundle and serve until SIGTERM or SIGINT, or until standard input ends. Blocks."""
    bundle = load(folder)
    model = Model(bundle, threads)
    desk = Desk(model, bundle.about.name, time.monotonic_ns, min(MAX_SESSIONS, capacity(model)))
    server = Server(desk, endpoint, telemetry)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: server.stop())
    if until_stdin_closes:
        threading.Thread(target=_stop_with_input, args=(server,), daemon=True).start()
    ready = {
        "endpoint": server.endpoint, "model": bundle.about.name, "telemetry": server.telemetry,
    }  # fmt: skip
    print(json.dumps(ready), flush=True)  # noqa: T201 (its one line of output)
    server.run()


def _stop_with_input(server: Server) -> None:
    while os.read(0, 1):
        pass
    server.stop()


def main() -> int:
    """Run the engine; returns the exit code."""
    parser = argparse.ArgumentParser(prog="antiphon-engine", description=__doc__)
    parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT, help="tcp://127.0.0.1:0 picks one")
    parser.add_argument("--bundle", type=Path, help="folder of the model (default: the shipped)")
    parser.add_argument("--threads", type=int, default=1, help="threads of inference")
    parser.add_argument("--telemetry", help="PUB endpoint that tells how busy it is")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end with whoever started it"
    )
    options = parser.parse_args()
    close = options.until_stdin_closes
    try:
        serve(
            options.endpoint, options.bundle, options.threads, options.telemetry,
            until_stdin_closes=close,
        )  # fmt: skip
    except AntiphonError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
