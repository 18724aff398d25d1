"""A folder is there whole or as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.engine.errors import FileRefused
from antiphon.export.corpus.wholefolder import put_whole

MARK, OWN = "a/mark", ("a", "b")


def fill(folder: Path, text: str) -> None:
    (folder / "a").mkdir()
    (folder / MARK).write_text(text)


def test_it_appears_at_the_end_and_replaces_one_of_its_kind(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    for text in ("first", "second"):
        with put_whole(out, MARK, OWN) as fresh:
            fill(fresh, text)
            assert not out.exists() or (out / MARK).read_text() == "first"
        assert (out / MARK).read_text() == text
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def half_written(out: Path, failure: type[BaseException]) -> None:
    with put_whole(out, MARK, OWN) as fresh:
        fill(fresh, "half")
        raise failure


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_after_a_failure_all_is_as_before(tmp_path: Path, failure: type[BaseException]) -> None:
    out = tmp_path / "out"
    with put_whole(out, MARK, OWN) as fresh:
        fill(fresh, "before")
    with pytest.raises(failure):
        half_written(out, failure)
    assert (out / MARK).read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(FileRefused, match=r"letters\.txt"), put_whole(tmp_path, MARK, OWN):
        pass
    assert (tmp_path / "letters.txt").read_text() == "dear"


def test_one_of_its_kind_that_holds_something_else_too_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with put_whole(out, MARK, OWN) as fresh:
        fill(fresh, "before")
    (out / "run").mkdir()
    with pytest.raises(FileRefused, match="holds run"), put_whole(out, MARK, OWN):
        pass
    assert (out / MARK).read_text() == "before"
    assert (out / "run").is_dir()


def test_what_came_in_meanwhile_is_not_lost_either(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def too_late() -> None:
        with put_whole(out, MARK, OWN) as fresh:
            fill(fresh, "late")
            (out / "run").mkdir(parents=True)

    with pytest.raises(FileRefused, match="holds run"):
        too_late()
    assert [path.name for path in out.iterdir()] == ["run"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_could_not_be_read_is_not_blamed_on_the_folder(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="elsewhere"), put_whole(tmp_path / "out", MARK, OWN):
        raise OSError("elsewhere")


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    with put_whole(tmp_path / "out", MARK, OWN) as fresh:
        (tmp_path / "out").mkdir()
        fill(fresh, "text")
    assert (tmp_path / "out" / MARK).exists()


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(FileRefused, match="cannot be written"),
        put_whole(tmp_path / "file/out", MARK, OWN),
    ):
        pass
