"""`antiphon prepare` on a folder as people have them."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import Column, encode
from antiphon.export.corpus.data import Corpus
from antiphon.export.corpus.prepare import prepare
from midifiles import written
from scores import metre, note, packed, score
from tunes import notes_of, transposed, tune

N_TUNES = 24
COMMAND = [sys.executable, "-m", "antiphon.bridge", "prepare"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two composers, scores among the files, copies, and what cannot be read."""
    home = tmp_path / "music"
    for i in range(N_TUNES):
        written(home / ("Ann" if i % 2 else "Bob") / f"{i}.mid", notes_of(tune(i)))
    bars = [note(step, 1) * 4 for step in ("C4", "D4", "E4")]
    (home / "Ann" / "score.mxl").write_bytes(packed(score([metre("4", 4) + bars[0], *bars[1:]])))
    (home / "score.musicxml").write_bytes(score(bars[:2]))
    written(home / "copy.MIDI", notes_of(tune(3)))
    written(home / "Bob" / "in F.mid", notes_of(transposed(tune(4), 5)))
    (home / "broken.mid").write_bytes(b"no music")
    (home / "Bob" / "nothing.kar").write_bytes(b"")
    (home / "page.xml").write_bytes(b"<html/>")
    return home


def run(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True)


def both(out: Path) -> list[Corpus]:
    return [Corpus.open(out / split) for split in ("train", "valid")]


def test_any_folder_is_prepared_and_what_is_left_out_is_named(folder: Path, tmp_path: Path) -> None:
    done = run(folder, tmp_path / "out")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[:7] == [
        "Could not be read (3):",
        "  Bob/nothing.kar: the file is empty",
        "  broken.mid: not a MIDI file, or a broken one",
        "  page.xml: its root is 'html', not 'score-partwise'",
        "Left out, as it is there already (2):",
        "  Bob/in F.mid: 100% the same phrases as Bob/4.mid",
        "  copy.MIDI: the same notes as Ann/3.mid",
    ]
    assert lines[-1] in ("2 styles: Ann, Bob", "2 styles: Bob, Ann")
    train, valid = both(tmp_path / "out")
    pieces = [*train.pieces, *valid.pieces]
    assert len(pieces) == N_TUNES + 2
    assert 1 <= len(valid.pieces) < N_TUNES / 2
    assert Counter(p.collection for p in pieces) == {"Ann": 13, "Bob": 12, "music": 1}
    assert all(p.styles == ((p.collection,) if p.collection != "music" else ()) for p in pieces)
    assert set(train.styles) == set(valid.styles) == {"Ann", "Bob"}


def test_the_same_folder_gives_the_same_arrays(folder: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare(folder, tmp_path / name, lambda _: None)
    for path in sorted((tmp_path / "one").rglob("*.*")):
        other = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == other.read_bytes()


def test_tokens_and_headings_are_those_of_the_files(tmp_path: Path) -> None:
    phrase = [Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]
    drums = [Note(48 * i, DRUMS, 36, 12, 100) for i in range(8)]
    written(tmp_path / "in" / "a.mid", phrase + drums)
    (tmp_path / "in" / "b.xml").write_bytes(score([metre("3", 4) + note("C4", 3)]))
    prepare(tmp_path / "in", tmp_path / "out", lambda _: None)
    train, valid = both(tmp_path / "out")

    assert valid.pieces == ()
    token, *_ = train.rows(train.pieces[0], 0, 1000)
    assert token.tolist() == [row[Column.TOKEN] for row in encode(phrase + drums)]
    assert [p.instruments for p in train.pieces] == [(0, DRUMS), (0,)]
    assert [p.bar for p in train.pieces] == [0, 144]
    assert not train.pieces[0].performed


def test_a_manifest_is_taken_at_its_word(tmp_path: Path) -> None:
    home = tmp_path / "in"
    for name in ("a", "b", "c", "copy of a"):
        written(home / f"{name}.mid", notes_of(tune(ord(name[-1]))))
    splits = {"a.mid": "train", "b.mid": "valid", "c.mid": "test", "copy of a.mid": "train"}
    lines = [
        {"path": path, "split": split, "collection": "x", "composer": "Chopin_F", "style": "waltz"}
        for path, split in [*splits.items(), ("gone.mid", "train")]
    ]
    with (home / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    told: list[str] = []
    prepare(home, tmp_path / "out", told.append)
    train, valid = both(tmp_path / "out")

    assert told[:3] == [
        "Left out, as their split is neither train nor valid: test 1",
        "Could not be read (1):",
        "  gone.mid: No such file or directory",
    ]
    assert (len(train.pieces), len(valid.pieces)) == (2, 1)
    assert train.styles == ("Chopin_F", "waltz")
    assert train.pieces[0].styles == ("Chopin_F", "waltz")


def test_a_folder_without_folders_says_how_styles_are_named(tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.mid", notes_of(tune(1)))
    told: list[str] = []
    prepare(tmp_path / "in", tmp_path / "out", told.append)

    assert told[-1].startswith("No styles: ")


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    written(tmp_path / "in" / "a.mid", notes_of(tune(1)))
    monkeypatch.setattr("antiphon.export.corpus.prepare.data.write", full)
    with pytest.raises(FileRefused, match=r"out cannot be written \(No space left on device\)"):
        prepare(tmp_path / "in", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize("kind", ["missing", "empty", "unreadable", "taken"])
def test_what_the_user_can_mend_is_said_in_a_sentence(tmp_path: Path, kind: str) -> None:
    home, out = tmp_path / "in", tmp_path / "out"
    if kind != "missing":
        home.mkdir()
    if kind == "unreadable":
        (home / "a.mid").write_bytes(b"no music")
    if kind == "taken":
        written(home / "a.mid", notes_of(tune(1)))
        out.mkdir()
        (out / "letters.txt").write_text("dear")
    done = run(home, out)

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir() if path not in (home, out)] == []
    assert (kind == "taken") == out.exists()


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    for i in range(8):
        written(tmp_path / "in" / f"{i}.mid", notes_of(tune(i, 100)))
    interrupted = (
        "from antiphon.bridge.__main__ import main\n"
        "from antiphon.export.corpus import prepare\n"
        "def interrupt(*_):\n    raise KeyboardInterrupt\n"
        "prepare.data.write = interrupt\n"
        "if __name__ == '__main__':\n    main()\n"
    )
    (tmp_path / "run.py").write_text(interrupted)
    names = [str(tmp_path / name) for name in ("run.py", "in", "out")]
    command = [sys.executable, names[0], "prepare", *names[1:]]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "run.py"]
