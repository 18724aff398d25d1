"""Annotations are laid where they belong, in files whose beginning was cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import symusic

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.export.corpus.annotations import chord, read_song
from antiphon.export.corpus.bands import Chord
from antiphon.export.corpus.data import Corpus
from antiphon.export.corpus.prepare import prepare
from midifiles import written

BPM = 90.0
BEAT_S = 60 / BPM
LABELS = ("N", "C:maj", "A:min7/b3", "F:maj7", "G:sus4(b7)", "Eb:min", "Db:maj/5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("N", None),
        ("C:what", None),
        ("C:maj", Chord(0, 0, frozenset({0, 4, 7}))),
        ("Bb:min7/5", Chord(10, 5, frozenset({10, 1, 5, 8}))),
        ("F#:sus4(b7)", Chord(6, 6, frozenset({6, 11, 1, 4}))),
        ("Cb:maj/3", Chord(11, 3, frozenset({11, 3, 6}))),
        # A bass that is no tone of the chord is not believed.
        ("C:min/3", Chord(0, 0, frozenset({0, 3, 7}))),
    ],
)
def test_labels_name_chords(text: str, expected: Chord | None) -> None:
    assert chord(text) == expected


def song(
    folder: Path, cut_bars: int, phase_ticks: int = 4, beats_in_bar: int = 4, seed: int = 1
) -> Path:
    """A song of 40 bars with its annotation, in a file from which bars of silence were cut.

    Its beats stand `phase_ticks` off those of the file, as those of the data set do.
    """
    rng = np.random.default_rng(seed)
    silent = 2 + cut_bars
    names = ["N"] * silent + [LABELS[i] for i in rng.integers(1, len(LABELS), 40)]
    bar_s = beats_in_bar * BEAT_S
    zero_s = phase_ticks / 48 * BEAT_S
    lines = [f"{zero_s + i * bar_s}\t{zero_s + (i + 1) * bar_s}\t{n}" for i, n in enumerate(names)]
    beats = range(beats_in_bar * len(names))
    rows = [f"{zero_s + b * BEAT_S} 0.0 {float(b % beats_in_bar == 0)}" for b in beats]
    place = folder / "notes" / "001"
    place.mkdir(parents=True)
    (place / "chord_midi.txt").write_text("\n".join(lines))
    (place / "beat_midi.txt").write_text("\n".join(rows))

    score = symusic.Score(48)
    score.tempos.append(symusic.Tempo(0, BPM))
    for name in ("MELODY", "BRIDGE", "PIANO"):
        score.tracks.append(symusic.Track(name))
    for i, label in enumerate(names):
        named = chord(label)
        at = phase_ticks + 48 * beats_in_bar * (i - cut_bars)
        for beat in range(beats_in_bar if named else 0):
            tones = sorted(named.tones if named else ())
            score.tracks[0].notes.append(
                symusic.Note(at + 48 * beat, 40, 72 + int(rng.choice(tones)), 90)
            )
            for tone in tones:
                score.tracks[2].notes.append(symusic.Note(at + 48 * beat, 48, 48 + tone, 70))
    score.tracks[1].notes.append(symusic.Note(at, 48, 84, 60))
    (folder / "files").mkdir()
    score.dump_midi(folder / "files" / "001.mid")
    return folder / "files" / "001.mid"


def share_in_chords(path: Path, annotations: Path, shift_beats: int = 0) -> float:
    read = read_song(path, annotations)
    hits = [
        named is not None and pitch % 12 in named.tones
        for onset, _, pitch, _, _ in read.melody.tolist()
        if 0 <= onset // 48 + shift_beats < len(read.chords)
        for named in [read.chords[onset // 48 + shift_beats]]
    ]
    return sum(hits) / len(hits)


@pytest.mark.parametrize("cut_bars", [0, 1, 5])
@pytest.mark.parametrize("phase_ticks", [0, 4, 29])
def test_chords_are_laid_where_they_belong(tmp_path: Path, cut_bars: int, phase_ticks: int) -> None:
    path = song(tmp_path, cut_bars, phase_ticks)
    read = read_song(path, tmp_path / "notes")

    assert share_in_chords(path, tmp_path / "notes") == 1
    assert share_in_chords(path, tmp_path / "notes", 2) < 0.85
    assert share_in_chords(path, tmp_path / "notes", 4) < 0.7
    assert (read.melody[:, 0] % 48 == 0).all()
    assert read.melody[0, 0] == 0
    assert read.bars[:3] == (0, 4, 8)
    assert read.metre == (4, 4)
    assert read.bpm == pytest.approx(BPM, abs=1e-3)


def test_a_tempo_change_moves_seconds_and_not_beats(tmp_path: Path) -> None:
    path = song(tmp_path, 1)
    score = symusic.Score(path)
    # From tick 1924 on twice as fast: what lies beyond comes in half the time.
    score.tempos.append(symusic.Tempo(1924, 2 * BPM))
    score.dump_midi(path)
    change_s = (1924 + 192) / 48 * BEAT_S
    for name in ("chord_midi.txt", "beat_midi.txt"):
        file = tmp_path / "notes" / "001" / name
        lines = [line.split() for line in file.read_text().splitlines()]
        for line in lines:
            late = max(0.0, float(line[0]) - change_s)
            line[0] = str(float(line[0]) - late / 2)
        file.write_text("\n".join(" ".join(line) for line in lines))

    assert share_in_chords(path, tmp_path / "notes") == 1


def test_what_cannot_be_believed_is_refused(tmp_path: Path) -> None:
    path = song(tmp_path, 0)
    annotation = tmp_path / "notes" / "001"
    with pytest.raises(FileRefused, match="cannot be read"):
        read_song(path, tmp_path)

    chords = (annotation / "chord_midi.txt").read_text()
    (annotation / "chord_midi.txt").write_text(
        chords.replace("C:maj", "F#:maj").replace("F:", "B:")
    )
    with pytest.raises(FileRefused, match="fits the notes nowhere"):
        read_song(path, tmp_path / "notes")


def test_a_song_in_three_is_refused(tmp_path: Path) -> None:
    path = song(tmp_path, 0, beats_in_bar=3)
    with pytest.raises(FileRefused, match="not in four"):
        read_song(path, tmp_path / "notes")


def test_bands_join_the_training_split_and_no_other(tmp_path: Path) -> None:
    home = tmp_path / "corpus"
    path = song(tmp_path, 1)
    (home / "pop909").mkdir(parents=True)
    for name in ("001.mid", "valid.mid"):
        (home / "pop909" / name).write_bytes(path.read_bytes())
    strokes = [Note(48 * i, DRUMS, 38 if i % 2 else 36, 10, 100) for i in range(48)]
    written(home / "groove" / "beat.mid", strokes)
    score = symusic.Score(home / "groove" / "beat.mid")
    score.time_signatures.append(symusic.TimeSignature(0, 4, 4))
    score.dump_midi(home / "groove" / "beat.mid")
    (home / "manifest.csv").write_text(
        "path,split,collection,style\n"
        "pop909/001.mid,train,pop909,pop\n"
        "pop909/valid.mid,valid,pop909,pop\n"
        "groove/beat.mid,train,groove,drums_rock\n"
    )
    prepare(home, tmp_path / "out", lambda _: None, tmp_path / "notes")
    train, valid = (Corpus.open(tmp_path / "out" / split) for split in ("train", "valid"))

    assert [piece.collection for piece in train.pieces] == ["pop909", "groove", "pop909_bands"]
    assert [piece.collection for piece in valid.pieces] == ["pop909"]
    band = train.pieces[-1]
    families = {INSTRUMENTS[i] for i in band.instruments}
    assert {"bass", "drums"} <= families
    assert families & {"piano", "guitar"}
    assert (band.styles, band.bar) == (("pop",), 192)


def test_bands_of_a_folder_without_songs_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "in" / "a.mid", [Note(0, 0, 60, 48, 80)])
    with pytest.raises(FileRefused, match="bands"):
        prepare(tmp_path / "in", tmp_path / "out", lambda _: None, tmp_path / "notes")
    assert not (tmp_path / "out").exists()
