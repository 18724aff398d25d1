"""The engine as a child process: started, found, restarted on the same endpoint, ended."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from pathlib import Path

from antiphon.engine.errors import EngineLost, UserError

START_S = 20.0
ANY_PORT = "tcp://127.0.0.1:0"


class EngineProcess:
    """One engine of our own. [may block]"""

    def __init__(self, bundle: Path | None = None) -> None:
        """Start it and wait until it listens; raises what it said if it cannot."""
        self._bundle = bundle
        self.endpoint = ANY_PORT
        self.model = ""
        self._start()

    @property
    def pid(self) -> int:
        """Process id of the engine that runs now."""
        return self._process.pid

    def revive(self) -> bool:
        """Start a new one if it has died; whether that was so."""
        if self._process.poll() is None:
            return False
        self._process.communicate()
        self._start()
        return True

    def close(self) -> None:
        """Ask it to end, and see that it does."""
        self._process.terminate()
        try:
            self._process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _start(self) -> None:
        options = ["--bundle", str(self._bundle)] if self._bundle else []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "antiphon.engine", "--endpoint", self.endpoint, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Its own group: Ctrl-C is for the one who started it to handle.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], START_S)
        line = self._process.stdout.readline() if ready else b""
        if not line:
            self._process.kill()
            _, said = self._process.communicate()
            text = said.decode(errors="replace").strip() or "it said nothing"
            if self._process.returncode == UserError.exit_code:
                raise UserError(text)
            raise EngineLost(f"The engine did not start: {text}")
        greeting = json.loads(line)
        self.endpoint, self.model = greeting["endpoint"], greeting["model"]
