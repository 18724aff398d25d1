"""Where sessions lie, which one is meant, and which are deleted."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from antiphon.bridge import sessions
from antiphon.bridge.checked_frames import frame
from antiphon.bridge.journal_file import JournalFile
from antiphon.engine.errors import FileRefused

NOW = datetime.fromisoformat("2026-11-21T20:00:00+01:00")


def journal(folder: Path, name: str, days_old: float = 0, size: int = 10) -> Path:
    path = folder / f"{name}.antiphon"
    path.touch()
    os.truncate(path, size)
    at = (NOW - timedelta(days=days_old)).timestamp()
    os.utime(path, (at, at))
    return path


def test_each_system_has_its_own_place(tmp_path: Path) -> None:
    home = str(Path.home())
    in_folder = "antiphon/sessions"

    assert (
        str(sessions.folder({"XDG_DATA_HOME": str(tmp_path)}, "linux")) == f"{tmp_path}/{in_folder}"
    )
    assert str(sessions.folder({}, "linux")) == f"{home}/.local/share/{in_folder}"
    assert (
        str(sessions.folder({"XDG_DATA_HOME": "rel"}, "linux"))
        == f"{home}/.local/share/{in_folder}"
    )
    assert str(sessions.folder({}, "darwin")) == f"{home}/Library/Application Support/{in_folder}"
    assert sessions.folder({"LOCALAPPDATA": str(tmp_path)}, "win32") == tmp_path / in_folder


def test_an_account_without_a_home_keeps_them_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", nowhere)
    assert sessions.folder({}, "linux").is_absolute()


def test_a_session_is_named_after_when_it_began() -> None:
    assert sessions.stem("2026-11-21T14:03:22.123+01:00") == "2026-11-21_14-03-22"


def test_the_latest_comes_first_even_of_those_of_one_second(tmp_path: Path) -> None:
    names = ["2026-11-21_14-03-22", "2026-11-21_14-03-22-2", "2026-11-21_14-03-22-10"]
    for name in ("2026-11-20_23-00-00", *names):
        journal(tmp_path, name)
    (tmp_path / ".2026-12-01_00-00-00.antiphon.77.part").touch()
    (tmp_path / "notes.txt").touch()

    found = [path.stem for path in sessions.newest_first(tmp_path)]
    assert found == [*reversed(names), "2026-11-20_23-00-00"]
    assert sessions.newest_first(tmp_path / "nowhere") == []


def test_a_session_is_found_by_name_by_its_beginning_and_by_path(tmp_path: Path) -> None:
    old, new = (journal(tmp_path, f"2026-11-{day}_10-00-00") for day in (20, 21))

    assert sessions.find(tmp_path, None) == new
    assert sessions.find(tmp_path, "2026-11-20") == old
    assert sessions.find(tmp_path, old.stem) == old
    assert sessions.find(tmp_path / "elsewhere", str(old)) == old
    with pytest.raises(FileRefused, match="no session of the name 2025"):
        sessions.find(tmp_path, "2025")
    with pytest.raises(FileRefused, match="several sessions of the name 2026"):
        sessions.find(tmp_path, "2026")
    with pytest.raises(FileRefused, match="No session was recorded so far"):
        sessions.find(tmp_path / "elsewhere", None)


def test_what_is_older_than_thirty_days_goes(tmp_path: Path) -> None:
    ages = {"2026-11-21_19-00-00": 0.01, "2026-10-25_10-00-00": 27, "2026-10-21_10-00-00": 31}
    paths = [journal(tmp_path, name, days) for name, days in ages.items()]

    assert sessions.tidy(tmp_path, NOW) == paths[2:]
    assert sessions.newest_first(tmp_path) == paths[:2]


def test_beyond_a_gigabyte_the_oldest_go_but_never_todays(tmp_path: Path) -> None:
    third = sessions.MOST_BYTES // 3
    today = [journal(tmp_path, f"2026-11-21_1{n}-00-00", 0.1, 2 * third) for n in range(2)]
    older = [journal(tmp_path, f"2026-11-{20 - n}_10-00-00", 1 + n, third) for n in range(3)]

    assert sessions.tidy(tmp_path, NOW) == older
    assert sorted(sessions.newest_first(tmp_path)) == today

    few = [journal(tmp_path, f"2026-11-{n}_10-00-00", 21 - n, 400) for n in range(10, 15)]
    today[1].unlink()
    assert sessions.tidy(tmp_path, NOW) == []
    assert all(path.exists() for path in few)


def test_what_is_being_written_stays_however_old_it_is(tmp_path: Path) -> None:
    first = frame(1, b"began")
    file = JournalFile.of(tmp_path, "2026-01-01_10-00-00", first)
    other = journal(tmp_path, "2026-01-02_10-00-00", 300)
    os.utime(file.path, (0, 0))

    assert sessions.in_use(file.path)
    assert sessions.tidy(tmp_path, NOW) == [other]
    file.close()
    assert not sessions.in_use(file.path)
    assert sessions.tidy(tmp_path, NOW, keep=file.path) == []
    assert sessions.tidy(tmp_path, NOW) == [file.path]
