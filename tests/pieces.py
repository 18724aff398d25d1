"""Prepared corpora of notes that a test makes up, in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import Note
from antiphon.export.audition.conversation import table_of
from antiphon.export.corpus.data import ARRAYS, Corpus, Piece, rows_of
from antiphon.export.corpus.table import Ints


def tune(
    pitches: Sequence[int], ticks: int = 24, first: int = 0, instrument: int = 0
) -> list[Note]:
    """One note after another, of the same length."""
    return [Note(first + ticks * i, instrument, p, ticks, 80) for i, p in enumerate(pitches)]


def table(pitches: Sequence[int], ticks: int = 24, first: int = 0, instrument: int = 0) -> Ints:
    """The same as a table."""
    return table_of(tune(pitches, ticks, first, instrument))


def corpus_of(pieces: Sequence[tuple[str, tuple[str, ...], list[Note]]]) -> Corpus:
    """Pieces in 4/4 at 120: the collection, the styles and the notes, in order, of each."""
    rows = [rows_of(table_of(notes)) for _, _, notes in pieces]
    lengths = [len(columns["token"]) for columns in rows]
    begins = np.cumsum([0, *lengths]).tolist()
    about = [
        Piece(
            collection=collection, styles=styles, instruments=(0,),
            tempo=vocab.tempo_id(120), metre=vocab.metre_id(4, 4), bar=192, performed=False,
            begin=begin, length=length, n_notes=len(notes),
        )
        for (collection, styles, notes), begin, length in zip(pieces, begins, lengths, strict=False)
    ]  # fmt: skip
    arrays = {name: np.concatenate([columns[name] for columns in rows]) for name in ARRAYS}
    return Corpus((), tuple(about), arrays)
