"""A folder of music to a prepared corpus: read side by side, sorted, written whole or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..wholefile import blaming
from . import data
from .arrangements import COLLECTION as MADE
from .arrangements import arrange, songs_of, takes_of
from .catalogue import Entry, entries_of, styles_of
from .data import SPLITS
from .gathering import gathered, tell_left_out
from .intake import Read, read
from .selection import select
from .wholefolder import put_whole

MOST_NAMED = 12
"""Styles told by name; `antiphon models` names all of a bundle."""

Tell = Callable[[str], None]


def prepare(folder: Path, out: Path, tell: Tell = print, annotations: Path | None = None) -> None:
    """Read the music of a folder, and write arrays to `out`/train and `out`/valid.

    With POP909's annotations, arrangements of its songs for a band join the training split. What is
    left out is told by name. Raises FileRefused if there is nothing to train on, or
    `out` is not ours to write. Until all is well, nothing is at `out`.
    """
    with put_whole(out, f"{SPLITS[0]}/{data.ABOUT}", SPLITS) as fresh:
        splits = _splits(folder, annotations, tell)
        if not splits["train"]:
            raise FileRefused(f"No file in {folder} is left to train on.")
        # What was made of songs counts no song twice.
        labels = [read.entry.labels for read in splits["train"] if read.entry.collection != MADE]
        styles = styles_of(labels)
        with blaming(out):
            for split, reads in splits.items():
                data.write(fresh / split, styles, [(read.piece, read.rows) for read in reads])
    for split, reads in splits.items():
        tell(f"{split}: {len(reads)} pieces, {sum(read.piece.n_notes for read in reads)} notes")
    tell(_named(styles))


def _named(styles: Sequence[str]) -> str:
    if not styles:
        return "No styles: they are named by the folders on the first level, or a manifest.csv."
    more = ", …" if len(styles) > MOST_NAMED else ""
    return f"{len(styles)} styles: {', '.join(styles[:MOST_NAMED])}{more}"


def _splits(folder: Path, annotations: Path | None, tell: Tell) -> dict[str, list[Read]]:
    entries = _chosen(entries_of(folder), tell)
    reads = gathered("reading", "Could not be read", partial(read, folder), entries, tell)
    splits, copies = _sorted(reads)
    tell_left_out("Left out, as it is there already", copies, tell)
    if annotations:
        splits["train"] += _bands(folder, annotations, entries, tell)
    return splits


def _chosen(entries: Sequence[Entry], tell: Tell) -> Sequence[Entry]:
    """Those for training and validation; all if nothing is said of any."""
    if not any(entry.split for entry in entries):
        return entries
    others = Counter(entry.split or "none" for entry in entries if entry.split not in SPLITS)
    if others:
        counts = ", ".join(f"{split} {n}" for split, n in sorted(others.items()))
        tell(f"Left out, as their split is neither {' nor '.join(SPLITS)}: {counts}")
    return [entry for entry in entries if entry.split in SPLITS]


def _bands(folder: Path, annotations: Path, entries: Sequence[Entry], tell: Tell) -> list[Read]:
    songs, takes = songs_of(entries), takes_of(folder, entries)
    if not songs or not takes:
        raise FileRefused(f"{folder} lacks the songs or the drums that bands are made of.")
    make = partial(arrange, folder, annotations, takes)
    return gathered("arranging", "Could not be arranged", make, songs, tell)


def _sorted(whole: Sequence[Read]) -> tuple[dict[str, list[Read]], dict[str, str]]:
    """The pieces of each split; of copies left out, path and what they are copies of."""
    traces = [read.trace for read in whole if read.trace]
    chosen = select(traces)
    named = {i: read.entry.split for i, read in enumerate(whole) if not read.trace}
    split_of = named or chosen.splits
    splits = {name: [whole[i] for i in split_of if split_of[i] == name] for name in SPLITS}
    copies = {
        whole[i].entry.path: f"{nearness} as {whole[first].entry.path}"
        for i, (first, nearness) in chosen.again.items()
    }
    return splits, copies
