"""Tables to arrays: the fast way equals the engine's own, and what is written is opened again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import Note, without_overlaps
from antiphon.engine.tokens import Column, Cursor, Row, encode
from antiphon.export.corpus.data import ABOUT, ARRAYS, FORM, Arrays, Corpus, Piece, rows_of, write
from antiphon.export.corpus.table import Ints
from music import notes_strategy


def columns(notes: list[Note]) -> Ints:
    rows = [(n.onset, n.instrument, n.pitch, n.end, n.velocity) for n in notes]
    return np.array(rows, np.int64).reshape(-1, 5)


@given(notes_strategy().filter(bool))
def test_the_arrays_are_the_rows_the_engine_makes(notes: list[Note]) -> None:
    arrays = rows_of(columns(without_overlaps(notes)))
    rows = [
        Row(int(token), int(velocity), chord=int(chord))
        for token, velocity, chord in zip(
            arrays["token"], arrays["velocity"], arrays["chord"], strict=True
        )
    ]
    assert rows == encode(notes)
    assert {name: array.dtype for name, array in arrays.items()} == {
        name: np.dtype(kind) for name, kind in ARRAYS.items()
    }


@given(notes_strategy().filter(bool))
def test_the_tick_column_says_where_each_token_stands(notes: list[Note]) -> None:
    arrays = rows_of(columns(without_overlaps(notes)))
    cursor, ticks = Cursor(), []
    for token in arrays["token"].tolist():
        cursor.advance(token)
        ticks.append(cursor.tick)
    assert arrays["tick"].tolist() == ticks


PHRASE = [Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]


def piece(collection: str, notes: list[Note], styles: tuple[str, ...]) -> tuple[Piece, Arrays]:
    rows = rows_of(columns(notes))
    about = Piece(collection, styles, (0,), 30, 40, 192, False, 0, len(rows["token"]), len(notes))
    return about, rows


def test_what_is_written_is_opened_again(tmp_path: Path) -> None:
    made = [piece("a", PHRASE, ("Chopin_F",)), piece("b", PHRASE[:4], ()), piece("a", PHRASE, ())]
    write(tmp_path / "train", ["Chopin_F"], made)
    corpus = Corpus.open(tmp_path / "train")

    assert corpus.styles == ("Chopin_F",)
    assert [piece.n_notes for piece in corpus.pieces] == [8, 4, 8]
    assert corpus.pieces[0] == made[0][0]
    assert {name: len(group) for name, group in corpus.by_collection().items()} == {"a": 2, "b": 1}
    token, *_ = corpus.rows(corpus.pieces[1], 0, 1000)
    assert token.tolist() == [row[Column.TOKEN] for row in encode(PHRASE[:4])]


def test_a_split_of_no_pieces_is_one_too(tmp_path: Path) -> None:
    write(tmp_path / "valid", [], [])
    assert Corpus.open(tmp_path / "valid").pieces == ()


def test_what_was_never_prepared_or_by_an_older_antiphon_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="antiphon prepare"):
        Corpus.open(tmp_path)

    about: dict[str, object] = {"styles": [], "pieces": []}
    for form, age in (({}, "older"), ({"form": FORM + 1}, "newer")):
        (tmp_path / ABOUT).write_text(json.dumps(about | form))
        with pytest.raises(FileRefused, match=f"{age} form"):
            Corpus.open(tmp_path)


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"form": 2, "styles": [], "pieces": [{}]}'])
@pytest.mark.parametrize("name", [ABOUT, "token.npy"])
def test_what_is_damaged_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    write(tmp_path / "train", [], [piece("a", PHRASE, ())])
    (tmp_path / "train" / name).write_bytes(content)

    with pytest.raises(FileRefused, match="not whole: run `antiphon prepare` again"):
        Corpus.open(tmp_path / "train")


def test_a_digest_tells_music_and_styles_from_others(tmp_path: Path) -> None:
    one, other = piece("a", PHRASE, ()), piece("a", PHRASE[:4], ())
    for name, styles, pieces in (
        ("this", ["hymn"], [one]), ("same", ["hymn"], [one]),
        ("style", ["waltz"], [one]), ("music", ["hymn"], [other]), ("more", ["hymn"], [one, one]),
    ):  # fmt: skip
        write(tmp_path / name, styles, pieces)
    digests = {path.name: Corpus.open(path).digest() for path in tmp_path.iterdir()}

    assert digests["this"] == digests["same"]
    assert len(set(digests.values())) == 4
