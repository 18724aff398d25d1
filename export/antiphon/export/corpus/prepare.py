"""A folder of music to a prepared corpus: read side by side, sorted, written whole or not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..progress import Progress
from . import data
from .arrangements import COLLECTION as MADE
from .arrangements import arrange, songs_of, takes_of
from .catalogue import Entry, entries_of, styles_of
from .intake import Read, Refused, read
from .selection import select
from .wholefolder import put_whole
from .workers import each

SPLITS = ("train", "valid")
MOST_NAMED = 12
"""Styles told by name; `antiphon models` names all of a bundle."""

Tell = Callable[[str], None]


def prepare(folder: Path, out: Path, tell: Tell = print, annotations: Path | None = None) -> None:
    """Read the music of a folder, and write arrays to `out`/train and `out`/valid.

    With POP909's annotations, arrangements of its songs for a band join the training split. What is
    left out is told by name. Raises FileRefused if there is nothing to train on, or
    `out` is not ours to write. Until all is well, nothing is at `out`.
    """
    with put_whole(out, "train/pieces.json") as fresh:
        splits = _splits(folder, annotations, tell)
        if not splits["train"]:
            raise FileRefused(f"No file in {folder} is left to train on.")
        # What was made of songs counts no song twice.
        labels = [read.entry.labels for read in splits["train"] if read.entry.collection != MADE]
        styles = styles_of(labels)
        for split, reads in splits.items():
            data.write(fresh / split, styles, [(read.piece, read.rows) for read in reads])
    for split, reads in splits.items():
        tell(f"{split}: {len(reads)} pieces, {sum(read.piece.n_notes for read in reads)} notes")
    more = ", …" if len(styles) > MOST_NAMED else ""
    tell(f"{len(styles)} styles: {', '.join(styles[:MOST_NAMED])}{more}")


def _splits(folder: Path, annotations: Path | None, tell: Tell) -> dict[str, list[Read]]:
    entries = entries_of(folder)
    results = _all("reading", partial(read, folder), entries)
    _tell_left_out("Could not be read", _refusals(results), tell)
    splits, copies = _sorted([result for result in results if isinstance(result, Read)])
    _tell_left_out("Left out, as it is there already", copies, tell)
    if annotations:
        made = _bands(folder, annotations, entries)
        _tell_left_out("Could not be arranged", _refusals(made), tell)
        splits["train"] += [result for result in made if isinstance(result, Read)]
    return splits


def _all(
    what: str, function: Callable[[Entry], Read | Refused], entries: Sequence[Entry]
) -> list[Read | Refused]:
    progress = Progress(what, len(entries), sys.stderr)
    results: list[Read | Refused] = []
    for entry, result in zip(entries, each(function, entries), strict=True):
        results.append(result or Refused(entry, "the reader broke down over it"))
        progress.step()
    progress.end()
    return results


def _bands(folder: Path, annotations: Path, entries: Sequence[Entry]) -> list[Read | Refused]:
    songs, takes = songs_of(entries), takes_of(folder, entries)
    if not songs or not takes:
        raise FileRefused(f"{folder} lacks the songs or the drums that bands are made of.")
    return _all("arranging", partial(arrange, folder, annotations, takes), songs)


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


def _refusals(results: Sequence[Read | Refused]) -> dict[str, str]:
    return {r.entry.path: r.reason for r in results if isinstance(r, Refused)}


def _tell_left_out(why: str, files: Mapping[str, str], tell: Tell) -> None:
    if files:
        tell(f"{why} ({len(files)}):")
    for path, reason in files.items():
        tell(f"  {path}: {reason}")
