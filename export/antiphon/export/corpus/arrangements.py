"""The collection `pop909_bands`: songs of POP909 with drum takes of Groove, for a whole band.

It belongs to the training split alone: it is made, so nothing is measured on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path
from zlib import crc32

import numpy as np

from antiphon.engine.errors import FileRefused

from .annotations import read_song
from .bands import arranged, take_bars
from .catalogue import Entry
from .data import rows_of
from .intake import Read, Refused, piece_of
from .reading import read_notes
from .table import Heading

COLLECTION = "pop909_bands"
SONGS, TAKES = "pop909", "groove"
"""Collections of the corpus that it is made of."""
KINDS = frozenset(
    f"drums_{kind}"
    for kind in ("country", "dance", "funk", "gospel", "hiphop", "pop", "punk", "rock", "soul")
)
"""Styles of drumming that suit a pop song."""
FEWEST_BARS = 8
"""A shorter take would be heard going round."""
NEAR = log(1.1)
"""A take is drawn from those within a tenth of the song's tempo; if there is none, the nearest."""


@dataclass(frozen=True, slots=True)
class Take:
    """A drum take in 4/4, not yet read again."""

    path: str
    bpm: float


def songs_of(entries: Sequence[Entry]) -> list[Entry]:
    """The songs to arrange."""
    return [entry for entry in entries if entry.split == "train" and entry.collection == SONGS]


def takes_of(folder: Path, entries: Sequence[Entry]) -> list[Take]:
    """The drum takes to choose from."""
    takes = []
    for entry in entries:
        if entry.split == "train" and entry.collection == TAKES and KINDS & set(entry.labels):
            notes, heading = read_notes(folder / entry.path)
            if heading.metre == (4, 4) and len(take_bars(notes)) >= FEWEST_BARS:
                takes.append(Take(entry.path, heading.bpm))
    return takes


def arrange(folder: Path, annotations: Path, takes: Sequence[Take], entry: Entry) -> Read | Refused:
    """A song of the folder for a band. What is drawn depends on the song's path alone."""
    rng = np.random.default_rng(crc32(entry.path.encode()))
    try:
        song = read_song(folder / entry.path, annotations)
        take, _ = read_notes(folder / chosen(takes, song.bpm, rng).path)
    except FileRefused as refusal:
        return Refused(entry, str(refusal))
    notes = arranged(song, take, rng)
    rows = rows_of(notes)
    made = replace(entry, collection=COLLECTION)
    return Read(made, piece_of(made, notes, Heading(song.bpm, song.metre), rows), rows, None)


def chosen(takes: Sequence[Take], bpm: float, rng: np.random.Generator) -> Take:
    """A take for a song of that tempo."""
    apart = np.array([abs(log(take.bpm / bpm)) for take in takes])
    near = np.flatnonzero(apart <= max(NEAR, apart.min()))
    return takes[int(rng.choice(near))]
