"""An engine process that tests kill, freeze and start anew, always on the same port."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Self

from bundles import tiny_folder


class EngineProcess:
    """`with EngineProcess() as engine:` an engine with the tiny bundle, on `engine.port`."""

    def __init__(self) -> None:
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, on the port it had before if it had one."""
        endpoint = f"tcp://127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "antiphon.engine", "--bundle", str(tiny_folder())]
        self._process = subprocess.Popen(
            [*command, "--endpoint", endpoint], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.port = int(ready["endpoint"].rsplit(":", 1)[1])

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Stop its threads; its sockets stay open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
