"""A file is there whole or as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.engine.errors import FileRefused
from antiphon.export.wholefile import whole


def half_written(file: Path, failure: BaseException) -> None:
    with whole(file) as part:
        part.write_text("half")
        raise failure


def test_it_appears_at_the_end_its_folder_is_made_and_what_was_there_is_replaced(
    tmp_path: Path,
) -> None:
    file = tmp_path / "deep" / "file.json"
    for text in ("first", "second"):
        with whole(file) as part:
            part.write_text(text)
            assert not file.exists() or file.read_text() == "first"
        assert file.read_text() == text
    assert [path.name for path in file.parent.iterdir()] == ["file.json"]


@pytest.mark.parametrize(("failure", "told"), [
    (KeyboardInterrupt(), KeyboardInterrupt),
    (ValueError(), ValueError),
    (OSError(28, "No space left on device"), FileRefused),
    (RuntimeError("unexpected pos 64 vs 0"), FileRefused),
])  # fmt: skip
def test_after_a_failure_all_is_as_before(
    tmp_path: Path, failure: BaseException, told: type[BaseException]
) -> None:
    file = tmp_path / "file.json"
    file.write_text("before")
    with pytest.raises(told):
        half_written(file, failure)
    assert file.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileRefused, match=r"file/x cannot be written"):
        half_written(tmp_path / "file" / "x", KeyError())
