"""Training windows: which piece, from where, with which labels, bent how.

Every prefix field and companion column is dropped at times, so that at run time all are optional.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS
from antiphon.engine.tokens import MAX_COUNTDOWN, MAX_PART, MAX_TIMING, Column

from .data import Corpus, Piece

Rows = npt.NDArray[np.int64]

FROM_START = 0.25
"""Share of windows that begin where the piece does."""
DROP_FIELD = 0.4
DROP_PREFIX = 0.25
DROP_TIMING = 0.4
DROP_WHOLE = 0.6
MAX_SHIFT = 6


@dataclass(frozen=True)
class Sampler:
    """Draws training batches from a corpus.

    Collections are drawn by their notes to the power of `temperature`, so that none drowns the
    others; within one, pieces by their length.
    """

    corpus: Corpus
    temperature: float = 0.4

    def batch(self, rng: np.random.Generator, size: int, length: int) -> tuple[Rows, Rows, Rows]:
        """Rows (B, T, C), targets (B, T, 2) and weights (B, T): 0 where the target is a label."""
        filled = np.stack([self._line(rng, length + 1) for _ in range(size)])
        targets = filled[:, 1:, : Column.VELOCITY + 1]
        labels = (targets[..., 0] < vocab.WAIT) & (targets[..., 0] != vocab.END)
        return filled[:, :-1], targets, (~(labels | (targets[..., 0] >= vocab.STYLE))).astype("f4")

    def _line(self, rng: np.random.Generator, length: int) -> Rows:
        line = np.empty((0, len(Column)), np.int64)
        while len(line) < length:
            line = np.concatenate([line, segment(self.corpus, self._piece(rng), rng, length)])
        return line[:length]

    def _piece(self, rng: np.random.Generator) -> Piece:
        edges, groups = self._groups
        pieces, lengths = groups[int(np.searchsorted(edges, rng.random()))]
        return pieces[int(np.searchsorted(lengths, rng.random() * lengths[-1], side="right"))]

    @cached_property
    def _groups(self) -> tuple[npt.NDArray[Any], list[tuple[list[Piece], npt.NDArray[Any]]]]:
        """Running shares of the collections; of each, its pieces and their running lengths."""
        groups = list(self.corpus.by_collection().values())
        mass = np.array([sum(p.n_notes for p in g) for g in groups], float) ** self.temperature
        edges = np.cumsum(mass / mass.sum())
        edges[-1] = 1.0
        return edges, [(g, np.cumsum([p.length for p in g])) for g in groups]


def segment(corpus: Corpus, piece: Piece, rng: np.random.Generator, length: int) -> Rows:
    """Up to `length` rows of a piece behind a random prefix, bent at random."""
    first = 0 if rng.random() < FROM_START else _moment(corpus, piece, rng, length)
    rows = body(corpus, piece, first, length, rng)
    _transpose(rows, rng)
    _louder(rows, rng)
    begins, ends = first == 0, first + len(rows) >= piece.length
    parts = [prefix(piece, rng, begins), rows]
    if ends:
        parts.append(_plain([vocab.END]))
    return np.concatenate(parts)


def body(
    corpus: Corpus, piece: Piece, first: int, length: int, rng: np.random.Generator | None = None
) -> Rows:
    """Rows from the piece's token `first` on; companions dropped at random, all without `rng`."""
    token, velocity, chord, tick = corpus.rows(piece, first, length)
    rows = np.zeros((len(token), len(Column)), np.int64)
    rows[:, Column.TOKEN], rows[:, Column.VELOCITY] = token, velocity
    rows[:, Column.CHORD] = chord
    ticks = tick.astype(np.int64)
    if rng is None:
        return rows
    if piece.bar and rng.random() > DROP_TIMING:
        rows[:, Column.TIMING] = 1 + np.minimum(ticks % piece.bar, MAX_TIMING - 1)
    if rng.random() > DROP_WHOLE:
        total = int(corpus.arrays["tick"][piece.begin + piece.length - 1]) + 1
        done = np.minimum(MAX_PART * ticks // total, MAX_PART - 1)
        rows[:, Column.PART] = 1 + done
        rows[:, Column.COUNTDOWN] = MAX_COUNTDOWN - done
    return rows


def prefix(piece: Piece, rng: np.random.Generator, begins: bool) -> Rows:
    """Label tokens of a piece, each dropped at times; `start` only where the piece begins."""
    fields = [
        list(piece.styles),
        [vocab.WITH + i for i in piece.instruments],
        [piece.tempo],
        [piece.metre] if piece.metre else [],
        [vocab.PERFORMED if piece.performed else vocab.SCORE],
    ]
    ids = [i for field in fields if rng.random() > DROP_FIELD for i in field]
    if rng.random() < DROP_PREFIX:
        ids = []
    return _plain(ids + [vocab.START] * begins)


def _plain(ids: list[int]) -> Rows:
    rows = np.zeros((len(ids), len(Column)), np.int64)
    rows[:, Column.TOKEN] = ids
    return rows


def _moment(corpus: Corpus, piece: Piece, rng: np.random.Generator, length: int) -> int:
    """Index of the first note of a random moment, or 0 if there is none near."""
    latest = max(1, piece.length - length // 2)
    at = int(rng.integers(latest))
    _, velocity, chord, _ = corpus.rows(piece, at, 256)
    hits = np.flatnonzero((velocity > 0) & (chord == 1))
    return at + int(hits[0]) if len(hits) else 0


def _transpose(rows: Rows, rng: np.random.Generator) -> None:
    token = rows[:, Column.TOKEN]
    pitched = (token >= vocab.NOTE) & (token < vocab.NOTE + 128 * DRUMS)
    if not pitched.any():
        return
    pitch = (token[pitched] - vocab.NOTE) % 128
    low, high = max(-MAX_SHIFT + 1, -pitch.min()), min(MAX_SHIFT, 127 - pitch.max())
    if low <= high:
        token[pitched] += int(rng.integers(low, high + 1))


def _louder(rows: Rows, rng: np.random.Generator) -> None:
    velocity = rows[:, Column.VELOCITY]
    struck = velocity > 0
    velocity[struck] = np.clip(velocity[struck] + rng.integers(-1, 2), 1, vocab.VELOCITY_BINS)
