"""Real parts that tests stand on: a JACK server without a sound card, and our own processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest

import jackd
from antiphon.bridge import ports
from antiphon.engine.errors import NoMidiSystem

ROOT = Path(__file__).parent.parent
SOURCES = [str(ROOT / name) for name in ("bridge", "engine", "export", "tests")]
NO_SERVER = "antiphon-nowhere"

# Two tests run at a time: how long an example takes says nothing.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")
# Nobody's own configuration, and nobody's own sessions.
os.environ["XDG_CONFIG_HOME"] = str(ROOT / "build" / "no-config")
os.environ["XDG_DATA_HOME"] = str(ROOT / "build" / "test-data")
# Processes that tests start must see the same sources as pytest does, installed or not.
os.environ["PYTHONPATH"] = os.pathsep.join([*SOURCES, os.environ.get("PYTHONPATH", "")])


@contextmanager
def _serving(*, waits: bool) -> Iterator[str]:
    """A JACK server; its name."""
    if shutil.which("jackd") is None:
        pytest.fail("jackd is missing: apt-get install jackd2")
    # One name a session: two servers of one name within seconds upset each other.
    name = f"antiphon-{os.getpid()}-{time.monotonic_ns() % 10**6}"
    server = subprocess.Popen(
        jackd.command(name, waits=waits), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await_jack(server, name)
        yield name
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="session")
def _jack_server() -> Iterator[str]:
    with _serving(waits=True) as name:
        yield name


@pytest.fixture
def asynchronous_jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Name of a JACK server that is started as most are, the default one for the test."""
    with _serving(waits=False) as name:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", name)
        yield name


@pytest.fixture
def jack(_jack_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a running JACK server, the default one for the test and its processes."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", _jack_server)
    return _jack_server


@pytest.fixture
def no_midi(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no MIDI system at all."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", NO_SERVER)
    # Without a configuration libasound finds no sequencer, whether the kernel has one or not.
    monkeypatch.setenv("ALSA_CONFIG_PATH", os.devnull)


def _await_jack(server: subprocess.Popen[bytes], name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACK_DEFAULT_SERVER", name)
        for _ in range(100):
            if server.poll() is not None:
                pytest.fail(f"jackd ended with {server.returncode}")
            try:
                ports.list_outputs()
            except NoMidiSystem:
                time.sleep(0.1)
            else:
                return
    pytest.fail("jackd was not ready within 10 s")
