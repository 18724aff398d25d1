"""The engine as a child process: started, found, restarted on the same endpoint, ended."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from antiphon.engine.errors import EngineLost, UserError
from antiphon.engine.protocol import DEFAULT_ENDPOINT

START_S = 20.0
END_S = 5.0
ANY_PORT = "tcp://127.0.0.1:0"


def free_endpoint(wanted: str = DEFAULT_ENDPOINT) -> str:
    """The wanted one, by default where plugins look; any other if it is taken. [any thread]"""
    host, port = wanted.removeprefix("tcp://").split(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the engine will
        try:
            probe.bind((host, int(port)))
        except OSError:
            return ANY_PORT
    return wanted


class EngineProcess:
    """One engine of our own. [may block]"""

    def __init__(self, bundle: Path | None = None, endpoint: str = ANY_PORT) -> None:
        """Start it and wait until it listens; raises what it said if it cannot."""
        self._bundle = bundle
        self.endpoint = endpoint
        self.model = ""
        self._start()

    @property
    def pid(self) -> int:
        """Process id of the engine that runs now."""
        return self._process.pid

    def revive(self, *, force: bool = False) -> bool:
        """Start a new one if it has died, or with `force` in any case; whether that was so."""
        if self._process.poll() is None and not force:
            return False
        self._kill()
        self._start()
        return True

    def close(self) -> None:
        """Ask it to end, and see that it does."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()

    def _start(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = self._launch()
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_S)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            raise self._failure()
        greeting = json.loads(line)
        self.endpoint, self.model = greeting["endpoint"], greeting["model"]

    def _launch(self) -> subprocess.Popen[bytes]:
        options = ["--bundle", str(self._bundle)] if self._bundle else []
        module = "antiphon.engine"
        command = [sys.executable, "-m", module, "--endpoint", self.endpoint, *options]
        return subprocess.Popen(
            [*command, "--until-stdin-closes"],
            # Closes when we are gone, however that comes about.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # No pipe: nobody reads while it runs, and a full one would freeze it.
            stderr=self._said,
            # Its own group: Ctrl-C is for the one who started it to handle.
            start_new_session=True,
        )

    def _failure(self) -> UserError | EngineLost:
        """Why it did not start, in its own words."""
        # Its output closes a moment before its exit code is known.
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        ended = self._process.poll()
        self._process.kill()
        self._process.communicate()
        self._said.seek(0)
        text = self._said.read().decode(errors="replace").strip() or "it said nothing"
        self._said.close()
        if ended == UserError.exit_code:
            return UserError(text)
        return EngineLost(f"The engine did not start: {text}")
