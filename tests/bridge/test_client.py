"""The player's end of the connection, with a real engine at the other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from typing import TypeVar

import pytest

from antiphon.bridge.client import Client
from antiphon.bridge.clock import SystemClock
from antiphon.bridge.engine_process import EngineProcess
from antiphon.engine.protocol import (
    Answer,
    Close,
    Notes,
    Open,
    Opened,
    Status,
    StatusRequest,
)
from bundles import tiny_folder

pytestmark = pytest.mark.real

Kind = TypeVar("Kind", Opened, Notes, Status)
PATIENCE = 1000
"""How often a reply is waited for, 20 ms each."""


@pytest.fixture
def engine() -> Iterator[EngineProcess]:
    with closing(EngineProcess(tiny_folder())) as process:
        yield process


def connected(engine: EngineProcess) -> Client:
    client = Client(engine.endpoint)
    for _ in range(PATIENCE):
        client.poll(SystemClock().now_ns())
        if client.present:
            return client
        client.wait(20)
    raise AssertionError("the engine does not greet")


def heard(client: Client, kind: type[Kind]) -> Kind:
    """The next reply of a kind; others are passed over."""
    for _ in range(PATIENCE):
        for reply in client.poll(SystemClock().now_ns()):
            if isinstance(reply, kind):
                return reply
        client.wait(20)
    raise AssertionError(f"the engine says no {kind.__name__}")


def opened(client: Client, *sessions: int) -> None:
    for session in sessions:
        client.send(Open(session))
        assert heard(client, Opened) == Opened(session)


def sessions(client: Client) -> int:
    """How many sessions the engine holds for all its clients."""
    client.send(StatusRequest())
    return heard(client, Status).sessions


def test_a_client_that_closes_leaves_no_session_behind(engine: EngineProcess) -> None:
    with closing(connected(engine)) as other:
        leaving = connected(engine)
        opened(leaving, 1, 2, 3)
        leaving.send(Close(2))
        assert sessions(leaving) == 2
        opened(other, 1)

        # In the midst of an answer, with notes on their way.
        leaving.send(Answer(3, 1, start=0, until=100_000, prompt=True))
        assert heard(leaving, Notes)
        leaving.close()

        # What it said last comes by another way than what the other asks.
        assert any(sessions(other) == 1 for _ in range(PATIENCE))


def test_a_new_connection_has_nothing_to_close(engine: EngineProcess) -> None:
    with closing(connected(engine)) as other:
        leaving = connected(engine)
        opened(leaving, 1)
        leaving.renew(0)
        leaving.close()
        leaving.close()

        # What was open before is the engine's to forget, when it has heard nothing for long.
        assert sessions(other) == 1


def test_a_frozen_engine_is_not_waited_for(engine: EngineProcess) -> None:
    client = connected(engine)
    opened(client, 1)
    os.kill(engine.pid, signal.SIGSTOP)
    client.close()
    os.kill(engine.pid, signal.SIGCONT)


def test_a_lost_engine_is_not_waited_for(engine: EngineProcess) -> None:
    client = connected(engine)
    opened(client, 1)
    engine.close()
    client.close()
