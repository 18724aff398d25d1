"""One file of a folder to one piece: its tokens, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import FileRefused

from .catalogue import Entry
from .data import Arrays, Piece, rows_of
from .duplicates import signature
from .reading import read_notes
from .selection import Trace
from .table import Heading, Ints, has_beat, played


@dataclass(frozen=True, slots=True)
class Read:
    """One file that was read."""

    entry: Entry
    piece: Piece
    rows: Arrays
    trace: Trace | None
    """None where a manifest says what the file is."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One file that could not be."""

    entry: Entry
    reason: str


def read(folder: Path, entry: Entry) -> Read | Refused:
    """Read one file of a folder."""
    try:
        notes, heading = read_notes(folder / entry.path)
    except FileRefused as refusal:
        return Refused(entry, str(refusal))
    except Exception as fault:  # whatever a foreign file does to a reader costs that file alone
        return Refused(entry, f"the reader stumbled over it ({type(fault).__name__}: {fault})")
    if not len(notes):
        return Refused(entry, "no notes in it")
    rows = rows_of(notes)
    trace = None if entry.split else Trace(blake2b(notes.tobytes()).digest(), signature(notes))
    return Read(entry, piece_of(entry, notes, heading, rows), rows, trace)


def piece_of(entry: Entry, notes: Ints, heading: Heading, rows: Arrays) -> Piece:
    """What is known of a piece; its place in the arrays is not."""
    by_hand = played(notes)
    metre = heading.metre if not by_hand or has_beat(notes) else None
    return Piece(
        collection=entry.collection,
        styles=entry.labels,
        instruments=tuple(int(i) for i in np.unique(notes[:, 1])),
        tempo=vocab.tempo_id(heading.bpm),
        metre=vocab.metre_id(*metre) if metre else 0,
        bar=vocab.bar_ticks(*metre) if metre else 0,
        performed=by_hand,
        begin=0,
        length=len(rows["token"]),
        n_notes=len(notes),
    )
