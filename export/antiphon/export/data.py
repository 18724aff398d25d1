"""MIDI files to training arrays: reading, folding the pedal, cutting overlaps, tokens at speed.

`prepare` walks a folder with a `manifest.csv` and writes one folder of flat numpy arrays per
split. `rows_of` is the vectorised twin of `antiphon.engine.tokens.encode`; a test holds them
equal. Nothing here knows the model.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import symusic

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT
from antiphon.engine.tokens import MAX_CHORD, MAX_REST

Ints = npt.NDArray[np.int64]

ARRAYS = {"token": np.uint16, "velocity": np.uint8, "chord": np.uint8, "tick": np.uint32}
"""One value a token each; `tick` is the moment the token stands at."""

OFF_GRID = frozenset({"giantmidi_sample"})
"""Collections whose bars in the file are not the music's bars."""
PERFORMED = frozenset({"giantmidi_sample", "groove", "pop909"})
"""Collections played by people, not typeset."""
MIN_STYLE_PIECES = 10


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of one piece besides its tokens."""

    collection: str
    styles: tuple[int, ...]
    """Style token ids: the composer's, the style's."""
    instruments: tuple[int, ...]
    tempo: int
    """Tempo token id."""
    metre: int
    """Metre token id, 0 if the file does not say or changes it."""
    bar: int
    """Ticks in a bar, 0 where there is no grid."""
    performed: bool
    begin: int
    """Index of the piece's first token in the arrays."""
    length: int
    """Number of its tokens."""
    n_notes: int


def read_notes(path: Path) -> tuple[Ints, symusic.Score]:
    """Notes of a file as columns onset, instrument, pitch, end, velocity (48 ticks a beat).

    The sustain pedal is folded into the ends; doubles are merged and overlaps of a key cut.
    """
    score = symusic.Score(path)
    columns = [_track_columns(track) for track in score.tracks if len(track.notes)]
    if not columns:
        return np.empty((0, 5), np.int64), score
    notes = np.concatenate(columns)
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    notes[:, 0] = np.floor(notes[:, 0] * scale + 0.5)
    notes[:, 3] = np.maximum(np.floor(notes[:, 3] * scale + 0.5), notes[:, 0] + 1)
    return _merged(notes), score


def _track_columns(track: Any) -> Ints:
    data = track.notes.numpy()
    onset = data["time"].astype(np.int64)
    end = onset + data["duration"].astype(np.int64)
    instrument = DRUMS if track.is_drum else track.program // 8
    if instrument != DRUMS:
        end = _pedalled(end, track.pedals)
    whose = np.full_like(onset, instrument)
    columns = [onset, whose, data["pitch"], end, np.maximum(data["velocity"], 1)]
    return np.stack([c.astype(np.int64) for c in columns], axis=1)


def _pedalled(end: Ints, pedals: Any) -> Ints:
    """Ends moved to where the pedal that covers them goes up."""
    if not len(pedals):
        return end
    data = pedals.numpy()
    down = data["time"].astype(np.int64)
    up = down + data["duration"].astype(np.int64)
    at = np.searchsorted(down, end, side="right") - 1
    covered = (at >= 0) & (end < up[at])
    return np.where(covered, up[at], end)


def _merged(notes: Ints) -> Ints:
    """Of notes with one onset and key the loudest velocity and last end; overlaps cut."""
    order = np.lexsort((notes[:, 0], notes[:, 2], notes[:, 1]))
    notes = notes[order]
    same_key = (notes[1:, 1] == notes[:-1, 1]) & (notes[1:, 2] == notes[:-1, 2])
    first = np.r_[True, ~(same_key & (notes[1:, 0] == notes[:-1, 0]))]
    starts = np.flatnonzero(first)
    ends = np.maximum.reduceat(notes[:, 3], starts)
    loudest = np.maximum.reduceat(notes[:, 4], starts)
    notes = notes[starts]
    notes[:, 3], notes[:, 4] = ends, loudest
    same_key = (notes[1:, 1] == notes[:-1, 1]) & (notes[1:, 2] == notes[:-1, 2])
    notes[:-1, 3] = np.where(same_key, np.minimum(ends[:-1], notes[1:, 0]), ends[:-1])
    return notes[np.lexsort((notes[:, 2], notes[:, 1], notes[:, 0]))]


def rows_of(notes: Ints) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `ARRAYS` for notes as `read_notes` gives them, starting at tick 0."""
    onset, instrument, pitch, end, velocity = notes.T
    wait = np.minimum(np.diff(onset, prepend=0), MAX_REST)
    values, inverse = np.unique(wait, return_inverse=True)
    parts = [vocab.wait_ids(int(v)) for v in values]
    n_waits = np.array([len(p) for p in parts], np.int64)[inverse]
    has_length = (instrument != DRUMS).astype(np.int64)
    at = np.cumsum(n_waits + 1 + has_length) - 1 - has_length  # index of each note's token
    size = int(at[-1] + 1 + has_length[-1])
    token, vel, chord = (np.zeros(size, np.int64) for _ in range(3))
    tick = np.repeat(onset, n_waits + 1 + has_length)
    token[at] = vocab.NOTE + 128 * instrument + pitch
    vel[at] = velocity // 16 + 1
    chord[at] = np.minimum(_nth_of_moment(wait), MAX_CHORD)
    pitched = at[has_length == 1]
    token[pitched + 1] = _LENGTH_IDS[np.clip(end - onset, 1, vocab.TIMES[-1])[has_length == 1]]
    chord[pitched + 1] = chord[pitched]
    single = n_waits == 1
    first_part = np.array([p[0] if p else 0 for p in parts], np.int64)[inverse]
    token[at[single] - 1] = first_part[single]
    for i in np.flatnonzero(n_waits > 1):
        ids = parts[inverse[i]]
        token[at[i] - len(ids) : at[i]] = ids
        passed = np.cumsum([vocab.ticks_of(t) for t in ids])
        tick[at[i] - len(ids) : at[i]] = onset[i] - wait[i] + passed
    columns = {"token": token, "velocity": vel, "chord": chord, "tick": tick}
    return {name: columns[name].astype(kind) for name, kind in ARRAYS.items()}


def _nth_of_moment(wait: Ints) -> Ints:
    index = np.arange(len(wait))
    starts = np.r_[0, np.flatnonzero(wait[1:] > 0) + 1]
    first = np.zeros_like(index)
    first[starts] = starts
    return index - np.maximum.accumulate(first) + 1


_LENGTH_IDS = np.array([vocab.length_id(t) for t in range(vocab.TIMES[-1] + 1)], np.int64)


def styles_of(entries: Sequence[dict[str, str]]) -> list[str]:
    """Composers and styles with enough pieces, most frequent first."""
    counts = Counter(label for entry in entries for label in _labels(entry))
    return [name for name, n in counts.most_common() if n >= MIN_STYLE_PIECES]


def _labels(entry: dict[str, str]) -> list[str]:
    composer = entry["composer"]
    named = composer and composer != "Anonymous" and not composer.startswith("drummer")
    return [label for label in (composer if named else "", entry["style"]) if label]


def read_manifest(folder: Path, split: str) -> list[dict[str, str]]:
    """Entries of one split."""
    with (folder / "manifest.csv").open(newline="") as file:
        return [entry for entry in csv.DictReader(file) if entry["split"] == split]


@dataclass(frozen=True, slots=True)
class _Job:
    folder: Path
    entry: dict[str, str]
    styles: tuple[str, ...]


def _tokenised(job: _Job) -> tuple[Piece, dict[str, npt.NDArray[Any]]] | None:
    try:
        notes, score = read_notes(job.folder / job.entry["path"])
    except RuntimeError:
        return None
    if not len(notes):
        return None
    rows = rows_of(notes)
    collection = job.entry["collection"]
    metres = {(s.numerator, s.denominator) for s in score.time_signatures}
    steady = len(metres) == 1 and collection not in OFF_GRID
    numerator, denominator = metres.pop() if steady else (4, 4)
    vocabulary = vocab.Vocabulary(job.styles)
    known = [vocabulary.style_id(s) for s in _labels(job.entry) if s in vocabulary.styles]
    bpm = score.tempos[0].qpm if len(score.tempos) else 120.0
    piece = Piece(
        collection=collection,
        styles=tuple(known),
        instruments=tuple(int(i) for i in np.unique(notes[:, 1])),
        tempo=vocab.tempo_id(bpm),
        metre=vocab.metre_id(numerator, denominator) if steady else 0,
        bar=vocab.bar_ticks(numerator, denominator) if steady else 0,
        performed=collection in PERFORMED,
        begin=0,
        length=len(rows["token"]),
        n_notes=len(notes),
    )
    return piece, rows


def prepare(
    folder: Path, out: Path, split: str, styles: Sequence[str], tell: Callable[[str], None] = print
) -> list[Piece]:
    """Tokenise one split into `out`: `<array>.npy` for each of `ARRAYS`, and `pieces.json`."""
    entries = read_manifest(folder, split)
    jobs = [_Job(folder, entry, tuple(styles)) for entry in entries]
    pieces: list[Piece] = []
    chunks: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in ARRAYS}
    begin = 0
    with Pool() as pool:
        for job, result in zip(jobs, pool.imap(_tokenised, jobs, chunksize=32), strict=True):
            if result is None:
                tell(f"left out, not readable: {job.entry['path']}")
                continue
            piece, rows = result
            pieces.append(Piece(**{**asdict(piece), "begin": begin}))
            begin += piece.length
            for name in ARRAYS:
                chunks[name].append(rows[name])
    out.mkdir(parents=True, exist_ok=True)
    for name in ARRAYS:
        np.save(out / f"{name}.npy", np.concatenate(chunks[name]))
    about = {"styles": list(styles), "pieces": [asdict(piece) for piece in pieces]}
    (out / "pieces.json").write_text(json.dumps(about))
    tell(f"{split}: {len(pieces)} pieces, {begin} tokens")
    return pieces


@dataclass(frozen=True)
class Corpus:
    """One prepared split, opened for reading (arrays are memory-mapped)."""

    styles: tuple[str, ...]
    pieces: tuple[Piece, ...]
    arrays: dict[str, npt.NDArray[Any]]

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Open what `prepare` wrote."""
        about = json.loads((folder / "pieces.json").read_text())
        pieces = tuple(_piece(fields) for fields in about["pieces"])
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
        return cls(tuple(about["styles"]), pieces, arrays)

    def by_collection(self) -> dict[str, list[Piece]]:
        """Pieces of each collection."""
        groups: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            groups.setdefault(piece.collection, []).append(piece)
        return groups

    def rows(self, piece: Piece, first: int, count: int) -> Iterator[npt.NDArray[Any]]:
        """Slices of each array (in the order of `ARRAYS`) from the piece's token `first` on."""
        begin = piece.begin + first
        end = piece.begin + min(first + count, piece.length)
        return (self.arrays[name][begin:end] for name in ARRAYS)


def _piece(fields: dict[str, Any]) -> Piece:
    fields["styles"], fields["instruments"] = tuple(fields["styles"]), tuple(fields["instruments"])
    return Piece(**fields)
