"""Threads that others started."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from antiphon.bridge.threads import others_are_busy


@pytest.fixture
def worker() -> Iterator[tuple[threading.Event, threading.Event]]:
    """A thread that works until the first event, then rests until the second."""
    rest, end = threading.Event(), threading.Event()

    def work() -> None:
        while not rest.is_set():
            pass
        end.wait()

    thread = threading.Thread(target=work)
    thread.start()
    yield rest, end
    rest.set()
    end.set()
    thread.join()


def test_a_thread_that_works_is_busy_and_one_that_waits_is_not(
    worker: tuple[threading.Event, threading.Event],
) -> None:
    assert any(others_are_busy() for _ in range(1000)) == os.path.exists("/proc/self/task")
    rest, _ = worker
    rest.set()
    assert not all(others_are_busy() for _ in range(1000))
