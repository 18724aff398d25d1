"""MIDI files to arrays: the fast way equals the engine's own, the pedal's way the slow one."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import symusic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS, Note, without_overlaps
from antiphon.engine.tokens import Column, Cursor, Row, encode
from antiphon.engine.vocabulary import STYLE
from antiphon.export.data import ARRAYS, Corpus, Ints, prepare, read_notes, rows_of, styles_of
from music import notes_strategy

IN_FILES = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


def columns(notes: list[Note]) -> Ints:
    rows = [(n.onset, n.instrument, n.pitch, n.end, n.velocity) for n in notes]
    return np.array(rows, np.int64).reshape(-1, 5)


def notes_of(table: Ints) -> list[Note]:
    return [Note(o, i, p, end - o, v) for o, i, p, end, v in table.tolist()]


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


def written(path: Path, notes: list[Note], pedals: Sequence[tuple[int, int]] = ()) -> Path:
    score = symusic.Score(48)
    for instrument in sorted({n.instrument for n in notes}):
        track = symusic.Track(program=min(8 * instrument, 127), is_drum=instrument == DRUMS)
        for n in notes:
            if n.instrument == instrument:
                track.notes.append(symusic.Note(n.onset, n.length, n.pitch, n.velocity))
        for begin, length in pedals:
            track.controls.append(symusic.ControlChange(begin, 64, 127))
            track.controls.append(symusic.ControlChange(begin + length, 64, 0))
        score.tracks.append(track)
    score.dump_midi(path)
    return path


@given(notes_strategy().filter(bool))
@IN_FILES
def test_a_file_gives_back_the_notes_it_was_written_from(tmp_path: Path, notes: list[Note]) -> None:
    whole = without_overlaps(notes)
    table, _ = read_notes(written(tmp_path / "piece.mid", whole))
    assert notes_of(table) == whole


PEDALS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 90)), max_size=6)


@given(notes_strategy(10).filter(bool), PEDALS)
@IN_FILES
def test_the_pedal_holds_notes_as_the_slow_way_says(
    tmp_path: Path, notes: list[Note], steps: list[tuple[int, int]]
) -> None:
    piano = without_overlaps(Note(n.onset, 0, n.pitch, n.length, n.velocity) for n in notes)
    pedals, at = [], 0
    for rest, length in steps:
        pedals.append((at + rest, length))
        at += rest + length
    table, _ = read_notes(written(tmp_path / "piece.mid", piano, pedals))

    assert notes_of(table) == without_overlaps(held_by(pedals, note) for note in piano)


def held_by(pedals: list[tuple[int, int]], note: Note) -> Note:
    end = note.end
    for begin, length in pedals:
        if begin <= note.end < begin + length:
            end = begin + length
    return Note(note.onset, note.instrument, note.pitch, end - note.onset, note.velocity)


@pytest.mark.parametrize("per_beat", [24, 96, 220, 480])
def test_any_resolution_is_brought_to_48_ticks_a_beat(tmp_path: Path, per_beat: int) -> None:
    score = symusic.Score(per_beat)
    track = symusic.Track()
    track.notes.append(symusic.Note(per_beat, per_beat // 2, 60, 80))
    score.tracks.append(track)
    score.dump_midi(tmp_path / "piece.mid")

    table, _ = read_notes(tmp_path / "piece.mid")

    assert notes_of(table) == [Note(48, 0, 60, 24, 80)]


def test_of_doubled_notes_the_loudest_velocity_and_last_end_stay(tmp_path: Path) -> None:
    doubled = [Note(0, 0, 60, 24, 90), Note(0, 0, 60, 48, 70)]
    score = symusic.Score(48)
    for note in doubled:
        track = symusic.Track(program=0)
        track.notes.append(symusic.Note(note.onset, note.length, note.pitch, note.velocity))
        score.tracks.append(track)
    score.dump_midi(tmp_path / "piece.mid")

    assert notes_of(read_notes(tmp_path / "piece.mid")[0]) == [Note(0, 0, 60, 48, 90)]


def test_a_folder_is_prepared_and_opened_again(tmp_path: Path) -> None:
    phrase = [Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]
    written(tmp_path / "a.mid", phrase)
    written(tmp_path / "b.mid", phrase[:4])
    (tmp_path / "broken.mid").write_bytes(b"no music")
    entries = [
        {"path": path, "split": "train", "collection": "tests", "composer": "Chopin_F", "style": ""}
        for path in ("a.mid", "b.mid", "broken.mid")
    ]
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, entries[0])
        writer.writeheader()
        writer.writerows(entries)
    told: list[str] = []

    prepare(tmp_path, tmp_path / "out", "train", ["Chopin_F"], told.append)
    corpus = Corpus.open(tmp_path / "out")

    assert [piece.n_notes for piece in corpus.pieces] == [8, 4]
    assert all(piece.styles == (STYLE,) for piece in corpus.pieces)
    token, *_ = corpus.rows(corpus.pieces[1], 0, 1000)
    assert token.tolist() == [row[Column.TOKEN] for row in encode(phrase[:4])]
    assert any("broken.mid" in line for line in told)


def test_styles_need_enough_pieces_and_come_most_frequent_first() -> None:
    def entry(composer: str, style: str) -> dict[str, str]:
        return {"composer": composer, "style": style}

    entries = [entry("Chopin_F", "romantic")] * 12 + [entry("Anonymous", "hymn")] * 15
    entries += [entry("Rare_X", "")] * 9

    assert styles_of(entries) == ["hymn", "Chopin_F", "romantic"]
