"""Training windows: which piece, from where, with which labels, bent how.

Every label and companion column is dropped at times, so that at run time all are optional.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from antiphon.engine import vocabulary as vocab
from antiphon.engine.tokens import MAX_COUNTDOWN, MAX_PART, MAX_TIMING, Column

from ..corpus.data import Corpus, Piece, rows_of
from ..corpus.table import merged
from . import augment
from .recipe import USUAL, Recipe

Rows = npt.NDArray[np.int64]
Ticks = npt.NDArray[np.int64]
Label = Literal["styles", "instruments", "tempo", "metre", "manner"]
LABELS: tuple[Label, ...] = get_args(Label)
"""The fields of labels, in the order they are told; `manner` is performed or score."""

ROOM = 64
"""Rows kept free so that a passage turned inside out ends before its window does."""
SHORTEST_INFILL = 8
"""Moments a passage must have to be turned inside out."""
MIXED_IN = 0.5
"""Largest share that the second window of a mixed pair has."""


class Passage(NamedTuple):
    """Some of a piece."""

    rows: Rows
    ticks: Ticks
    """The tick that each row stands at."""
    played: bool
    """By hand."""
    in_time: bool
    """Whether ticks are the piece's own; else it was stretched."""


@dataclass(frozen=True)
class Sampler:
    """Draws training batches from a corpus.

    Collections are drawn by their notes to the power of `recipe.temperature`, so that none drowns
    the others; within one, pieces by their length. `styles` are those of the vocabulary trained,
    the corpus' own if none are given.
    """

    corpus: Corpus
    recipe: Recipe = USUAL
    styles: tuple[str, ...] | None = None

    @cached_property
    def _ids(self) -> dict[str, int]:
        return style_ids(self.corpus.styles if self.styles is None else self.styles)

    def batch(self, rng: np.random.Generator, size: int, length: int) -> tuple[Rows, Rows, Rows]:
        """Rows (B, T, C), targets (B, T, 2) and weights (B, T): 0 where the target is a label."""
        filled = np.stack([self._line(rng, length + 1) for _ in range(size)])
        targets = filled[:, 1:, : Column.VELOCITY + 1].copy()
        token = targets[..., 0]
        labels = ((token < vocab.WAIT) & (token != vocab.END)) | (token >= vocab.STYLE)
        weights = (~labels).astype("f4")
        rows = filled[:, :-1]
        for first in range(0, size - 1, 2):
            if rng.random() < self.recipe.mix_up:
                _mix(rows, weights, first, int(rng.integers(1, int(100 * MIXED_IN) + 1)))
        return rows, targets, weights

    def _line(self, rng: np.random.Generator, length: int) -> Rows:
        parts: list[Rows] = []
        while sum(map(len, parts)) < length:
            parts.append(self.segment(self._piece(rng), rng, length))
        return np.concatenate(parts)[:length]

    def _piece(self, rng: np.random.Generator) -> Piece:
        edges, groups = self._groups
        pieces, lengths = groups[int(np.searchsorted(edges, rng.random()))]
        return pieces[int(np.searchsorted(lengths, rng.random() * lengths[-1], side="right"))]

    @cached_property
    def _groups(self) -> tuple[npt.NDArray[Any], list[tuple[list[Piece], npt.NDArray[Any]]]]:
        """Running shares of the collections; of each, its pieces and their running lengths."""
        groups = list(self.corpus.by_collection().values())
        notes = np.array([sum(p.n_notes for p in g) for g in groups], float)
        mass = notes**self.recipe.temperature
        edges = np.cumsum(mass / mass.sum())
        edges[-1] = 1.0
        return edges, [(g, np.cumsum([p.length for p in g])) for g in groups]

    def segment(self, piece: Piece, rng: np.random.Generator, length: int) -> Rows:
        """Up to `length` rows of a piece behind its labels, bent at random."""
        recipe = self.recipe
        from_start = rng.random() < recipe.from_start
        first = 0 if from_start else _moment(self.corpus, piece, rng, length)
        passage = self._passage(piece, first, length, rng)
        rows, ticks = passage.rows, passage.ticks
        augment.transpose(rows, recipe.transpose, rng)
        augment.louder(rows, recipe.louder, rng)
        ends = first + length >= piece.length
        labels = self.labels(piece, rng, passage)
        start = plain([vocab.START] * (first == 0))
        if rng.random() < recipe.infill:
            turned = turned_inside_out(rows[: length - ROOM], ticks, rng)
            if turned is not None:
                return np.concatenate([labels, start, turned])
        if rng.random() < recipe.retold:
            rows = _with_labels_again(rows, labels, rng)
        return np.concatenate([labels, start, rows, plain([vocab.END] * ends)])

    def _passage(self, piece: Piece, first: int, length: int, rng: np.random.Generator) -> Passage:
        """A passage as it is, or bent. Of stretched music the bars are not told: they are false."""
        token, velocity, chord, tick = self.corpus.rows(piece, first, length)
        ticks, played, pace = tick.astype(np.int64), piece.performed, 1.0
        if rng.random() < self.recipe.uneven:
            bent = _bent(token, velocity, ticks, played, rng)
            if bent is not None:
                notes, pace = bent
                token, velocity, chord, ticks = _retold(notes, 0 if first == 0 else None)
                played = True
        rows = _rows(token, velocity, chord)
        if rng.random() < self.recipe.no_chord:
            rows[:, Column.CHORD] = 0
        timing, whole = rng.random() >= self.recipe.no_timing, rng.random() >= self.recipe.no_whole
        if timing and pace == 1.0:
            _tell_timing(rows, ticks, piece)
        if whole:
            _tell_whole(rows, (ticks / pace).astype(np.int64), self.corpus, piece)
        return Passage(rows, ticks, played, pace == 1.0)

    def labels(self, piece: Piece, rng: np.random.Generator, passage: Passage) -> Rows:
        """Label tokens of a passage, each field dropped at times."""
        fields = fields_of(self._ids, piece, passage.played)
        if not passage.in_time:
            fields["tempo"] = []
        ids = [i for ids in fields.values() if rng.random() >= self.recipe.no_label for i in ids]
        return plain([] if rng.random() < self.recipe.no_labels else ids)


def body(corpus: Corpus, piece: Piece, first: int, length: int) -> Rows:
    """Rows from the piece's token `first` on as they are; timing, part and countdown unknown."""
    token, velocity, chord, _ = corpus.rows(piece, first, length)
    return _rows(token, velocity, chord)


def style_ids(names: Sequence[str]) -> dict[str, int]:
    """Token id of each style of a vocabulary."""
    return {name: vocab.STYLE + i for i, name in enumerate(names)}


def fields_of(ids: dict[str, int], piece: Piece, played: bool) -> dict[Label, list[int]]:
    """The label tokens of a piece, field by field; styles that `ids` lacks are left out."""
    return {
        "styles": [ids[name] for name in piece.styles if name in ids],
        "instruments": [vocab.WITH + i for i in piece.instruments],
        "tempo": [piece.tempo],
        "metre": [piece.metre] if piece.metre else [],
        "manner": [vocab.PERFORMED if played else vocab.SCORE],
    }


def label_ids(styles: Sequence[str], piece: Piece, labels: Sequence[Label]) -> list[int]:
    """Token ids of some fields of labels."""
    fields = fields_of(style_ids(styles), piece, piece.performed)
    return [i for label in labels for i in fields[label]]


def mark(rows: Rows, corpus: Corpus, piece: Piece, *, timing: bool, whole: bool) -> None:
    """Fill in the positions of rows that `body` gave from the piece's first token on."""
    *_, tick = corpus.rows(piece, 0, len(rows))
    ticks = tick.astype(np.int64)
    if timing:
        _tell_timing(rows, ticks, piece)
    if whole:
        _tell_whole(rows, ticks, corpus, piece)


def _tell_timing(rows: Rows, ticks: Ticks, piece: Piece) -> None:
    if piece.bar:
        rows[:, Column.TIMING] = 1 + np.minimum(ticks % piece.bar, MAX_TIMING - 1)


def _tell_whole(rows: Rows, ticks: Ticks, corpus: Corpus, piece: Piece) -> None:
    done = parts_done(corpus, piece, ticks)
    rows[:, Column.PART] = 1 + done
    rows[:, Column.COUNTDOWN] = MAX_COUNTDOWN - done


def parts_done(corpus: Corpus, piece: Piece, ticks: Ticks) -> Ticks:
    """128ths of the piece that lie before each tick, 0 to 127."""
    total = int(corpus.arrays["tick"][piece.begin + piece.length - 1]) + 1
    return np.clip(MAX_PART * ticks // total, 0, MAX_PART - 1)


def turned_inside_out(rows: Rows, ticks: Ticks, rng: np.random.Generator) -> Rows | None:
    """Prefix, `suffix`, what comes after, `middle`, what lies between, `end`; None if too short.

    The suffix begins with the wait from the prefix's last moment, so it tells how long the gap is;
    the middle is counted from there too.
    """
    moments = _moments(rows)[1:]
    if len(moments) < SHORTEST_INFILL:
        return None
    begin, end = np.sort(rng.choice(moments, size=2, replace=False))
    before, middle, after = _with_waits(rows, begin), _with_waits(rows, end), rows[end:]
    gap = vocab.wait_ids(int(ticks[end] - ticks[before - 1]))
    return np.concatenate(
        [rows[:before], plain([vocab.SUFFIX, *gap]), after,
         plain([vocab.MIDDLE]), rows[before:middle], plain([vocab.END])]
    )  # fmt: skip


def _mix(rows: Rows, weights: npt.NDArray[np.float32], first: int, share: int) -> None:
    """Make two lines one mixed input with both targets: `share` percent is the second's."""
    both = rows[first].copy()
    both[:, Column.OTHER], both[:, Column.SHARE] = rows[first + 1, :, Column.TOKEN], share
    rows[first] = rows[first + 1] = both
    weights[first] *= 1 - share / 100
    weights[first + 1] *= share / 100


def _bent(
    token: Any, velocity: Any, ticks: Ticks, played: bool, rng: np.random.Generator
) -> tuple[augment.Notes, float] | None:
    """Notes of some tokens, played unevenly or stretched, and by how much; None if there is none.

    Nothing is bent in place: arrays of a corpus are read-only.
    """
    notes = augment.notes_of(token.astype(np.int64), velocity.astype(np.int64), ticks)
    if not len(notes):
        return None
    if not played:
        return merged(augment.played_unevenly(notes, rng)), 1.0
    pace = augment.pace(rng)
    return merged(augment.stretched(notes, pace)), pace


def _retold(notes: augment.Notes, origin: int | None) -> tuple[Any, Any, Any, Ticks]:
    """Token, velocity and chord, and the tick each stands at, of notes counted from `origin`.

    Without one they are counted from their own first onset.
    """
    origin = int(notes[0, 0]) if origin is None else origin
    told = rows_of(notes - origin * np.array([1, 0, 0, 1, 0]))
    ticks = told["tick"].astype(np.int64) + origin
    return told["token"], told["velocity"], told["chord"], ticks


def _with_labels_again(rows: Rows, labels: Rows, rng: np.random.Generator) -> Rows:
    """The labels told once more before the first note of a random moment."""
    moments = _moments(rows)[1:]
    if not len(moments) or not len(labels):
        return rows
    return np.insert(rows, int(rng.choice(moments)), labels, axis=0)


def _moments(rows: Rows) -> npt.NDArray[np.int64]:
    """Indices of the first note of each moment."""
    token = rows[:, Column.TOKEN]
    note = (token >= vocab.NOTE) & (token < vocab.STYLE)
    wait = (token >= vocab.WAIT) & (token < vocab.LENGTH)
    return np.flatnonzero(note[1:] & wait[:-1]) + 1


def _with_waits(rows: Rows, note: int) -> int:
    """Index of the first of the waits that lead to the note at index `note`."""
    token = rows[:, Column.TOKEN]
    while note and vocab.WAIT <= token[note - 1] < vocab.LENGTH:
        note -= 1
    return note


def _rows(token: Any, velocity: Any, chord: Any) -> Rows:
    rows = np.zeros((len(token), len(Column)), np.int64)
    rows[:, Column.TOKEN], rows[:, Column.VELOCITY] = token, velocity
    rows[:, Column.CHORD] = chord
    return rows


def plain(ids: list[int]) -> Rows:
    """Rows of some tokens that have no companions."""
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
