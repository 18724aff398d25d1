"""The prepared corpus: pieces as flat arrays of tokens, written once, opened memory-mapped.

`rows_of` is the vectorised twin of `antiphon.engine.tokens.encode`; a test holds them equal.
Nothing here knows the model, nor where the notes came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS
from antiphon.engine.tokens import MAX_CHORD, MAX_REST

from .table import Ints

Arrays = dict[str, npt.NDArray[Any]]

ARRAYS = {"token": np.uint16, "velocity": np.uint8, "chord": np.uint8, "tick": np.uint32}
"""One value a token each; `tick` is the moment the token stands at."""

SPLITS = ("train", "valid")
"""What `prepare` writes."""
ABOUT = "pieces.json"
FORM = 2
"""Number of the written form; 1 held style token ids in place of names."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is known of one piece besides its tokens."""

    collection: str
    styles: tuple[str, ...]
    """Names: the composer's, the style's. Which of them are tokens, a `Vocabulary` says."""
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


@dataclass(frozen=True)
class Corpus:
    """One prepared split, opened for reading (arrays are memory-mapped)."""

    styles: tuple[str, ...]
    """Names with enough pieces to be learnt, most frequent first."""
    pieces: tuple[Piece, ...]
    arrays: Arrays

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Open what `write` wrote; FileRefused if there is none, or it is damaged or foreign."""
        if not (folder / ABOUT).exists():
            raise FileRefused(f"{folder} holds no prepared music; `antiphon prepare` makes it.")
        try:
            about = json.loads((folder / ABOUT).read_bytes())
            form = int(about.get("form", 1))
            if form != FORM:
                age = "an older" if form < FORM else "a newer"
                raise FileRefused(f"{folder} is of {age} form: run `antiphon prepare` again.")
            pieces = tuple(_piece(fields) for fields in about["pieces"])
            arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
            return cls(tuple(about["styles"]), pieces, arrays)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
            raise FileRefused(f"{folder} is not whole: run `antiphon prepare` again.") from None

    def digest(self) -> str:
        """What tells this music, and its styles, from any other."""
        about = [self.styles, [(piece.collection, piece.begin) for piece in self.pieces]]
        known = blake2b(json.dumps(about).encode(), digest_size=16)
        for name in ("token", "velocity"):
            known.update(self.arrays[name].tobytes())
        return known.hexdigest()

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


def write(folder: Path, styles: Sequence[str], pieces: Sequence[tuple[Piece, Arrays]]) -> None:
    """Write one split into a new folder: `<array>.npy` for each of `ARRAYS`, and `pieces.json`.

    The pieces' `begin` is set here.
    """
    folder.mkdir(parents=True)
    begins = np.cumsum([0, *(piece.length for piece, _ in pieces)]).tolist()
    for name, kind in ARRAYS.items():
        parts = [rows[name] for _, rows in pieces]
        np.save(folder / f"{name}.npy", np.concatenate(parts or [np.empty(0, kind)]))
    fields = [
        {**asdict(piece), "begin": begin} for (piece, _), begin in zip(pieces, begins, strict=False)
    ]
    about = {"form": FORM, "styles": list(styles), "pieces": fields}
    (folder / ABOUT).write_text(json.dumps(about))


def _piece(fields: dict[str, Any]) -> Piece:
    fields["styles"], fields["instruments"] = tuple(fields["styles"]), tuple(fields["instruments"])
    return Piece(**fields)


def rows_of(notes: Ints) -> Arrays:
    """The arrays of `ARRAYS` for a table of one note or more, starting at tick 0."""
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
