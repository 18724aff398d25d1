"""The recorder as a process: killed, stopped and starved, it keeps what it said it has."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from antiphon.bridge import journal, recorder_process, sessions
from antiphon.bridge.checked_frames import frames
from antiphon.bridge.link import Played
from antiphon.bridge.recorder_process import MOST_EVENTS, REMEMBERED_NS, RecorderProcess
from journal_writer import NUMBERS, began, write

pytestmark = pytest.mark.real

KILLS = int(os.environ.get("JOURNAL_KILLS", "20"))
"""How often somebody is killed, the recorder and the writer in turn; 1000 for a measurement."""
LONGEST_MS = 150
"""From start to kill, at most: into starting, opening, repairing, writing, waiting for a disk."""
S = 1_000_000_000


@contextmanager
def recorder(folder: Path) -> Iterator[RecorderProcess]:
    process = RecorderProcess(folder, began())
    try:
        yield process
    finally:
        process.close()


def wait_for(what: Callable[[], bool], seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.002)


def numbers(folder: Path) -> list[int]:
    (path,) = sessions.newest_first(folder)
    return [frame.number for frame in frames(path.read_bytes())]


def kept_all(process: RecorderProcess) -> Callable[[], bool]:
    def look() -> bool:
        process.push(time.monotonic_ns())
        return process.kept == process.written

    return look


def test_everything_is_on_disk_soon_and_at_the_end(tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        for _ in range(50):
            write(process)
        wait_for(kept_all(process))
        write(process)
        last = process.written

    assert numbers(tmp_path) == list(range(1, last + 1))
    read = journal.read(sessions.newest_first(tmp_path)[0].read_bytes())
    assert read is not None
    assert read.began == began()
    assert all(isinstance(e, Played) and e.at_ns == n for n, e in enumerate(read.events, 2))


def test_a_killed_recorder_loses_nothing_and_the_next_repeats_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_process, "REVIVE_NS", 0)
    chance = random.Random(KILLS)
    with recorder(tmp_path) as process:
        for _ in range(KILLS // 2):
            pid, until = process.pid, time.monotonic() + chance.random() * LONGEST_MS / 1000
            while time.monotonic() < until:
                write(process)
                time.sleep(0.0005)
            if process.kept:
                assert numbers(tmp_path)[-1] >= process.kept
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
            wait_for(partial(revived, process, pid))
        last = process.written

    assert numbers(tmp_path) == list(range(1, last + 1))


def test_what_was_told_before_the_first_turn_is_not_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_process, "REVIVE_NS", 0)
    with recorder(tmp_path) as process:
        for _ in range(5):
            process.event(Played(0, b"\x90\x40\x40"))
        pid = process.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_for(partial(revived, process, pid))
        last = process.written

    assert numbers(tmp_path) == list(range(1, last + 1))


def revived(process: RecorderProcess, before: int | None) -> bool:
    write(process)
    return process.pid not in (None, before)


def test_of_a_killed_writer_everything_is_there_that_it_had_given_away(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    for round_ in range(KILLS - KILLS // 2):
        folder = tmp_path / str(round_)
        given, kept = killed_writer(folder, chance.random() * LONGEST_MS / 1000)
        there = numbers(folder) if sessions.newest_first(folder) else []

        assert there == list(range(1, len(there) + 1))
        assert len(there) >= max(given, kept)


def killed_writer(folder: Path, seconds: float) -> tuple[int, int]:
    """What the writer had given away, and what it knew to be on disk, when it was killed."""
    command = [sys.executable, "-m", "journal_writer", str(folder)]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert writer.stdout is not None
    told = writer.stdout.read(NUMBERS.size)
    time.sleep(seconds)
    writer.kill()
    told += writer.stdout.read()
    writer.communicate()
    # The recorder lives as long as there is something to write, and lets go of the file last.
    wait_for(lambda: bool(sessions.newest_first(folder)) and not in_use(folder))
    whole = len(told) - len(told) % NUMBERS.size
    reports = [NUMBERS.unpack_from(told, at) for at in range(0, whole, NUMBERS.size)]
    return max(given for given, _ in reports), max(kept for _, kept in reports)


def in_use(folder: Path) -> bool:
    return any(sessions.in_use(path) for path in sessions.newest_first(folder))


def test_a_full_disk_stops_nobody_and_all_is_kept_when_there_is_room(tmp_path: Path) -> None:
    texts: list[str] = []
    with recorder(tmp_path) as process:
        wait_for(kept_all(process))
        assert process.pid is not None
        before = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4000, before[1]))
        for _ in range(500):
            process.event(Played(0, b"\x90\x40\x40"))
        wait_for(lambda: said(process, texts) == 1)
        for _ in range(500):
            process.event(Played(0, b"\x90\x40\x40"))
            process.push(time.monotonic_ns())
        assert process.kept < process.written
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, before)
        wait_for(lambda: said(process, texts) == 2)
        last = process.written

    assert "File too large" in texts[0]
    assert texts[1:] == ["Recording goes on."]
    assert numbers(tmp_path) == list(range(1, last + 1))


def said(process: RecorderProcess, texts: list[str]) -> int:
    """How many sentences there are by now."""
    texts += process.push(time.monotonic_ns())
    return len(texts)


def test_who_is_stopped_makes_nobody_wait_and_memory_stays_in_its_bounds(tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        wait_for(kept_all(process))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        for n in range(3 * MOST_EVENTS):
            process.event(Played(0, b"\x90\x40\x40"))
            if n % 100 == 0:
                process.push(time.monotonic_ns())
        assert process.behind <= MOST_EVENTS
        os.kill(process.pid, signal.SIGCONT)
        wait_for(kept_all(process))

    there = numbers(tmp_path)
    assert there == sorted(set(there))
    assert there[-1] == process.written
    assert len(there) > MOST_EVENTS, "the pipe held some too"


def test_what_is_not_on_disk_is_remembered_for_a_minute_of_music(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_process.RecorderProcess, "_start", lambda self: None)
    process = RecorderProcess(tmp_path, began())
    for second in range(100):
        process.push(second * S)
        process.event(Played(second, b"\x90\x40\x40"))
    assert process.push(100 * S) == []

    assert process.behind == REMEMBERED_NS // S
    assert process.close() == ["60 events at the end could not be recorded."]


def test_another_is_started_only_when_nothing_is_due(tmp_path: Path) -> None:
    with recorder(tmp_path) as process:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        now_ns = time.monotonic_ns()

        def gone(next_ns: int) -> bool:
            process.event(Played(0, b"\x90\x40\x40"))
            process.push(time.monotonic_ns(), next_ns)
            return process.pid is None

        wait_for(lambda: gone(now_ns))
        for _ in range(20):
            now_ns += 1 * S
            process.push(now_ns, now_ns + 5_000_000)
        assert process.pid is None
        process.push(now_ns + S, now_ns + 2 * S)
        assert process.pid is not None


def test_a_recorder_that_cannot_be_started_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    process = RecorderProcess(tmp_path, began())
    texts = [text for second in range(9) for text in process.push(second * S)]

    assert len(texts) == 1
    assert texts[0].startswith("Nothing is recorded: no process can be started")
