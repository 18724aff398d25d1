from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from antiphon.bridge.engine_process import ANY_PORT, EngineProcess, free_endpoint
from antiphon.engine.errors import UserError
from band import left_of

pytestmark = pytest.mark.real

PARENT = """
import os, signal
from antiphon.bridge.engine_process import EngineProcess
print(EngineProcess().pid, flush=True)
signal.pause()
"""


def test_it_ends_with_a_parent_that_was_killed() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert left_of([pid], 3) == []


def test_a_frozen_one_is_replaced_only_by_force_and_on_the_same_endpoint() -> None:
    engine = EngineProcess()
    endpoint, frozen = engine.endpoint, engine.pid
    os.kill(frozen, signal.SIGSTOP)
    assert not engine.revive()
    assert engine.revive(force=True)
    assert left_of([frozen], 1) == []
    assert (engine.endpoint, engine.pid == frozen) == (endpoint, False)
    engine.close()
    assert left_of([engine.pid], 1) == []


def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"bundle\.json is missing"):
        EngineProcess(tmp_path)


def test_who_finds_the_wanted_endpoint_taken_listens_elsewhere() -> None:
    with closing(EngineProcess()) as engine:
        assert free_endpoint(engine.endpoint) == ANY_PORT
    assert free_endpoint(engine.endpoint) == engine.endpoint
