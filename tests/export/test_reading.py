"""MIDI files to tables: what was written comes back, the pedal's way as the slow one says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import symusic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import Note, without_overlaps
from antiphon.export.corpus.reading import Tempos, read_notes, read_tracks
from midifiles import written
from music import notes_strategy
from tunes import notes_of

IN_FILES = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def two_tracks(path: Path, metres: list[tuple[int, int, int]]) -> Path:
    score = symusic.Score(48)
    for note in (Note(0, 0, 60, 24, 90), Note(0, 0, 60, 48, 70)):
        track = symusic.Track(program=0)
        track.notes.append(symusic.Note(note.onset, note.length, note.pitch, note.velocity))
        score.tracks.append(track)
    score.tempos.append(symusic.Tempo(0, 90.0))
    score.tempos.append(symusic.Tempo(96, 45.0))
    for metre in metres:
        score.time_signatures.append(symusic.TimeSignature(*metre))
    score.dump_midi(path)
    return path


def test_of_doubled_notes_the_loudest_velocity_and_last_end_stay(tmp_path: Path) -> None:
    table, _ = read_notes(two_tracks(tmp_path / "piece.mid", []))
    assert notes_of(table) == [Note(0, 0, 60, 48, 90)]


def test_the_heading_has_the_first_tempo_and_a_metre_that_never_changes(tmp_path: Path) -> None:
    _, steady = read_notes(two_tracks(tmp_path / "steady.mid", [(0, 3, 4)]))
    _, changing = read_notes(two_tracks(tmp_path / "changing.mid", [(0, 3, 4), (144, 4, 4)]))

    assert steady.bpm == pytest.approx(90, abs=1e-3)
    assert steady.metre == (3, 4)
    assert changing.metre is None


def test_tracks_are_read_apart_with_the_tempos_between_seconds_and_ticks(tmp_path: Path) -> None:
    tracks, tempos = read_tracks(two_tracks(tmp_path / "piece.mid", []))

    assert [notes_of(track) for track in tracks] == [
        [Note(0, 0, 60, 24, 90)],
        [Note(0, 0, 60, 48, 70)],
    ]
    # Two beats at 90 are 4/3 s; a second at 45 is 36 ticks; before the file its tempo holds too.
    ticks = tempos.ticks_at(np.array([-2 / 3, 0, 4 / 3, 7 / 3]))
    assert ticks == pytest.approx([-48, 0, 96, 132], abs=0.01)


def test_without_a_tempo_it_is_120() -> None:
    assert Tempos([]).bpm == 120
    assert Tempos([]).ticks_at(np.array([1.0])).tolist() == [96]


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"no music", "not a MIDI"), (b"MThd\0\0\0\6", "MIDI")]
)
def test_what_is_no_midi_file_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "piece.mid").write_bytes(content)
    with pytest.raises(FileRefused, match=reason):
        read_notes(tmp_path / "piece.mid")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="No such file"):
        read_notes(tmp_path / "piece.mid")


def test_notes_that_are_days_apart_are_refused(tmp_path: Path) -> None:
    score = symusic.Score(1)
    track = symusic.Track()
    track.notes.append(symusic.Note(2**27, 1, 60, 80))
    score.tracks.append(track)
    score.dump_midi(tmp_path / "piece.mid")

    with pytest.raises(FileRefused, match="days"):
        read_notes(tmp_path / "piece.mid")
