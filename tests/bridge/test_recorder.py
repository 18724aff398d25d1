"""The journal on disk: whole after a kill, a full disk, a folder that went away. No process."""

from __future__ import annotations

import os
import resource
import select
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.bridge import journal_file
from antiphon.bridge.checked_frames import extent, frame, frames
from antiphon.bridge.clock import SystemClock
from antiphon.bridge.journal_file import JournalFile
from antiphon.bridge.recorder import RETRY_NS, SYNC_NS, Recorder, Said, run

FIRST = frame(1, b"began")
STEM = "2026-11-21_14-03-22"


class Desk:
    """A recorder, what it said, and a clock in its hand."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[Said]()
        self.recorder = Recorder(folder, STEM, self.said.append)
        self.now_ns = 0

    def hears(self, *numbers: int, size: int = 20) -> None:
        data = b"".join(frame(n, bytes(size)) for n in numbers)
        self.recorder.feed(FIRST + data, self.now_ns)

    def later(self, ns: int = SYNC_NS) -> None:
        self.now_ns += ns
        self.recorder.turn(self.now_ns)

    @property
    def kept(self) -> int:
        return max((said.kept for said in self.said), default=0)

    @property
    def texts(self) -> list[str]:
        return [said.text for said in self.said if said.text]

    def numbers(self, name: str = STEM) -> list[int]:
        return [f.number for f in frames((self.folder / f"{name}.antiphon").read_bytes())]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk that is full there: what reaches beyond cannot be written."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_said_to_be_kept_is_on_disk_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []

    def sync(fd: int) -> None:
        synced.append(os.fstat(fd).st_size)

    monkeypatch.setattr(journal_file, "_sync", sync)
    desk = Desk(tmp_path)
    desk.hears(2, 3)
    assert desk.said == []
    desk.later(SYNC_NS - 1)
    assert desk.said == []
    desk.later(1)
    assert desk.said == [Said(kept=3)]
    assert synced == [(tmp_path / f"{STEM}.antiphon").stat().st_size]


def test_one_sync_is_for_all_that_came_within_fifty_milliseconds(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for number in range(2, 52):
        desk.hears(number)
        desk.later(SYNC_NS // 50)
    desk.later()

    assert [said.kept for said in desk.said] == [51]
    assert desk.numbers() == list(range(1, 52))


def test_what_is_told_twice_is_written_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.hears(2, 3)
    desk.hears(2, 3, 4)
    desk.later()
    another = Desk(tmp_path)
    desk.recorder.close()
    another.hears(3, 4, 5)
    another.later()

    assert another.numbers() == [1, 2, 3, 4, 5]
    assert another.kept == 5


def test_two_sessions_of_one_second_do_not_collide(tmp_path: Path) -> None:
    desk, other = Desk(tmp_path), Desk(tmp_path)
    desk.hears(2)
    other.recorder.feed(frame(1, b"another") + frame(2, b"x") + frame(3, b"y"), 0)

    assert desk.numbers() == [1, 2]
    assert other.numbers(f"{STEM}-2") == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{STEM}-2.antiphon", f"{STEM}.antiphon"
    ]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.binary(max_size=30))
def test_a_torn_end_is_cut_off_and_that_is_said(tmp_path: Path, cut: int, garbage: bytes) -> None:
    path = tmp_path / f"{STEM}.antiphon"
    whole = FIRST + b"".join(frame(n, bytes(20)) for n in range(2, 12))
    kept = max(len(FIRST), min(cut, len(whole)))
    path.write_bytes(whole[:kept] + garbage)
    before = [f.number for f in frames(path.read_bytes())]
    desk = Desk(tmp_path)
    desk.hears(*range(before[-1] + 1, 14))
    desk.recorder.end(0)
    desk.recorder.close()

    assert desk.numbers() == list(range(1, 14))
    torn = len(whole[:kept] + garbage) - len(b"".join(whole_frames(before)))
    assert desk.texts == ([f"{torn} torn bytes at the end of {path} were cut off."] if torn else [])


def whole_frames(numbers: list[int]) -> list[bytes]:
    return [FIRST if n == 1 else frame(n, bytes(20)) for n in numbers]


def test_a_full_disk_is_one_sentence_and_recording_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.hears(2, 3)
    desk.later()
    with files_of_at_most(150):
        desk.hears(*range(4, 40))
        assert not desk.recorder.ready
        for _ in range(5):
            desk.later(RETRY_NS)
        assert desk.kept == 3
        data = (tmp_path / f"{STEM}.antiphon").read_bytes()
        assert extent(data).length == len(data) > 100, "not even a half frame"
    desk.later(RETRY_NS)

    assert desk.recorder.ready
    assert desk.numbers() == list(range(1, 40))
    assert desk.kept == 39
    assert len(desk.texts) == 2
    assert "(File too large): the last minute is kept in memory until it can." in desk.texts[0]
    assert desk.texts[1] == "Recording goes on."


def test_a_disk_that_is_full_from_the_start_has_no_half_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with files_of_at_most(len(FIRST) - 1):
        desk.hears(2)
        desk.later(RETRY_NS)
        assert list(tmp_path.iterdir()) == []
    desk.later(RETRY_NS)

    assert desk.numbers() == [1, 2]
    assert len(desk.texts) == 2


def test_a_folder_that_went_away_is_made_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "antiphon" / "sessions")
    desk.hears(2, 3)
    desk.later()
    shutil.rmtree(tmp_path / "antiphon")
    desk.hears(4)
    desk.later()
    assert "No such file or directory" in desk.texts[0]
    desk.later(RETRY_NS)

    assert desk.numbers() == [1, 4]
    assert desk.kept == 4


def test_where_no_folder_can_be_made_nothing_is_lost_until_one_can(tmp_path: Path) -> None:
    (tmp_path / "antiphon").touch()
    desk = Desk(tmp_path / "antiphon" / "sessions")
    desk.hears(2, 3)
    desk.later(RETRY_NS)
    assert "Not a directory" in desk.texts[0]
    (tmp_path / "antiphon").unlink()
    desk.later(RETRY_NS)

    assert desk.numbers() == [1, 2, 3]
    assert desk.texts[1:] == ["Recording goes on."]


def test_what_a_failed_sync_left_in_memory_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    desk.hears(2)
    desk.later()

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    desk.hears(3)
    with monkeypatch.context() as patch:
        patch.setattr(journal_file, "_sync", broken)
        desk.later()
        assert desk.numbers() == [1, 2]
    desk.later(RETRY_NS)

    assert desk.numbers() == [1, 2, 3]
    assert desk.kept == 3


def test_while_nothing_can_be_written_nothing_is_read_and_the_end_is_noticed(
    tmp_path: Path,
) -> None:
    (tmp_path / "antiphon").touch()
    desk = Desk(tmp_path / "antiphon" / "sessions")
    read_fd, write_fd = os.pipe()
    os.write(write_fd, FIRST)
    desk.recorder.feed(FIRST, 0)
    os.close(write_fd)

    assert run(desk.recorder, read_fd, SystemClock()) == 3
    assert select.select([read_fd], [], [], 0)[0], "what came is still in the pipe"
    os.close(read_fd)


def test_what_is_in_the_pipe_when_the_performer_dies_is_written(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    read_fd, write_fd = os.pipe()
    data = FIRST + b"".join(frame(n, bytes(20)) for n in range(2, 1000))
    os.write(write_fd, data + frame(1000, bytes(20))[:9])
    os.close(write_fd)

    assert run(desk.recorder, read_fd, SystemClock()) == 0
    assert desk.numbers() == list(range(1, 1000))
    assert desk.kept == 999
    os.close(read_fd)


def test_a_journal_of_somebody_who_still_writes_it_is_left_alone(tmp_path: Path) -> None:
    first = JournalFile.of(tmp_path, STEM, FIRST)
    second = JournalFile.of(tmp_path, STEM, FIRST)

    assert second.path.stem == f"{STEM}-2"
    first.close()
    second.close()
