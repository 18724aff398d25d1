"""What is known of files before they are read: from a manifest, or from the names of folders."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from antiphon.engine.errors import FileRefused
from antiphon.export.corpus.catalogue import Entry, entries_of, styles_of


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_folders_of_the_first_level_name_styles(tmp_path: Path) -> None:
    home = tmp_path / "my music"
    touch(home, "Bach/cello/1.mid", "Bach/2.MXL", "jazz/3.Kar", "4.xml", "notes.txt", "jazz/5.mp3")

    assert entries_of(home) == [
        Entry("Bach/2.MXL", "Bach", ("Bach",), ""),
        Entry("Bach/cello/1.mid", "Bach", ("Bach",), ""),
        Entry("jazz/3.Kar", "jazz", ("jazz",), ""),
        Entry("4.xml", "my music", (), ""),
    ]


def test_what_begins_with_a_dot_is_no_music(tmp_path: Path) -> None:
    touch(tmp_path, "._1.mid", ".trash/2.mid", "3.mid")
    assert [entry.path for entry in entries_of(tmp_path)] == ["3.mid"]


def manifest(folder: Path, *lines: dict[str, str]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)


def line(path: str, split: str, composer: str = "", style: str = "") -> dict[str, str]:
    return {
        "path": path, "split": split, "collection": "songs", "composer": composer, "style": style
    }  # fmt: skip


def test_a_manifest_says_labels_and_splits(tmp_path: Path) -> None:
    touch(tmp_path, "not in it.mid")
    manifest(
        tmp_path,
        line("a.mid", "train", "Chopin_F", "romantic"),
        line("b.mid", "valid", "Anonymous", "hymn"),
        line("c.mid", "test"),
        line("d.mid", "train", "drummer1", "rock"),
    )
    assert entries_of(tmp_path) == [
        Entry("a.mid", "songs", ("Chopin_F", "romantic"), "train"),
        Entry("b.mid", "songs", ("hymn",), "valid"),
        Entry("c.mid", "songs", (), "test"),
        Entry("d.mid", "songs", ("rock",), "train"),
    ]


def test_a_manifest_may_say_no_more_than_paths_and_splits(tmp_path: Path) -> None:
    manifest(tmp_path, {"path": "a.mid", "split": "train"})
    assert entries_of(tmp_path) == [Entry("a.mid", tmp_path.name, (), "train")]


def test_a_manifest_of_another_kind_is_refused(tmp_path: Path) -> None:
    manifest(tmp_path, {"file": "a.mid", "split": "train"})
    with pytest.raises(FileRefused, match="no column path"):
        entries_of(tmp_path)

    (tmp_path / "manifest.csv").write_bytes(b"path,split\n\xff\xfe,train\n")
    with pytest.raises(FileRefused, match="cannot be read"):
        entries_of(tmp_path)


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no music"):
        entries_of(tmp_path)
    with pytest.raises(FileRefused, match="no folder"):
        entries_of(tmp_path / "nowhere")


def test_styles_need_enough_pieces_and_come_most_frequent_first() -> None:
    pieces = [("Chopin_F", "romantic")] * 12 + [("hymn",)] * 15 + [("Rare_X",)] * 9 + [()] * 200
    assert styles_of(pieces) == ["hymn", "Chopin_F", "romantic"]


def test_in_a_small_folder_two_are_enough() -> None:
    assert styles_of([("a",)] * 30 + [("b",)] * 2 + [("c",)]) == ["a", "b"]
    assert styles_of([("a",)]) == []
