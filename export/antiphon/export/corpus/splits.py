"""One split of a folder of music: opened if the folder is prepared, else read on the spot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..wholefile import blaming
from .catalogue import entries_of
from .data import ABOUT, SPLITS, Corpus, write
from .gathering import gathered
from .intake import read

Tell = Callable[[str], None]


@contextmanager
def opened(folder: Path, split: str, tell: Tell = print) -> Iterator[Corpus]:
    """A split of what `prepare` wrote, or of a folder with a manifest; what is left out is told.

    Raises FileRefused if there is no such split, or no piece in it can be read.
    """
    if any((folder / name / ABOUT).exists() for name in SPLITS):
        yield prepared(folder, split)
        return
    with tempfile.TemporaryDirectory() as scratch:
        _read_into(Path(scratch) / split, folder, split, tell)
        yield Corpus.open(Path(scratch) / split)


def prepared(folder: Path, split: str) -> Corpus:
    """A split of what `prepare` wrote; FileRefused if there is no such one, or no piece in it."""
    if split not in SPLITS:
        raise FileRefused(f"{folder} is prepared: it has only {' and '.join(SPLITS)}.")
    corpus = Corpus.open(folder / split)
    if not corpus.pieces:
        raise FileRefused(
            f"{folder} has no pieces in its {split} split: prepare more music, or say in a "
            "manifest.csv what is held out."
        )
    return corpus


def _read_into(out: Path, folder: Path, split: str, tell: Tell) -> None:
    known = entries_of(folder)
    if not any(entry.split for entry in known):
        raise FileRefused(
            f"{folder} has no splits: run `antiphon prepare` first, or write manifest.csv."
        )
    entries = [entry for entry in known if entry.split == split]
    if not entries:
        raise FileRefused(f"{folder} has no pieces whose split is {split!r}.")
    reads = gathered("reading", "Could not be read", partial(read, folder), entries, tell)
    if not reads:
        raise FileRefused(f"Of {len(entries)} files in {folder} none can be read.")
    with blaming(out):
        write(out, (), [(read.piece, read.rows) for read in reads])
