"""Little corpora made up in memory, for tests of the training side."""

from __future__ import annotations

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import Note
from antiphon.engine.tokens import encode
from antiphon.export.corpus.data import ARRAYS, Corpus, Piece


def scales() -> Corpus:
    """Two collections of scales up and down, in memory."""
    pieces: list[Piece] = []
    columns: dict[str, list[int]] = {name: [] for name in ARRAYS}
    for i in range(6):
        scale = [Note(24 * n, 0, 50 + (n + i) % 12, 24, 80) for n in range(60)]
        rows, tick = encode(scale), 0
        begin = len(columns["token"])
        for row in rows:
            tick += vocab.ticks_of(row.token) if vocab.is_wait(row.token) else 0
            for name, value in zip(ARRAYS, (row.token, row.velocity, row.chord, tick), strict=True):
                columns[name].append(value)
        pieces.append(
            Piece(
                collection=f"collection {i % 2}", styles=(), instruments=(0,),
                tempo=vocab.tempo_id(120), metre=vocab.metre_id(4, 4), bar=192,
                performed=False, begin=begin, length=len(rows), n_notes=60,
            )
        )  # fmt: skip
    arrays = {name: np.array(columns[name], kind) for name, kind in ARRAYS.items()}
    return Corpus((), tuple(pieces), arrays)
