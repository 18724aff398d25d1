"""One split of a folder of music: opened if the folder is prepared, else read on the spot."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..progress import Progress
from .catalogue import entries_of
from .data import Corpus, write
from .intake import Read, read
from .workers import each


@contextmanager
def opened(folder: Path, split: str) -> Iterator[Corpus]:
    """A split of what `prepare` wrote, or of a folder with a manifest; all of one without.

    Raises FileRefused if there is no such split, or nothing in it can be read.
    """
    if (folder / split / "pieces.json").exists():
        yield Corpus.open(folder / split)
        return
    with tempfile.TemporaryDirectory() as scratch:
        _read_into(Path(scratch) / split, folder, split)
        yield Corpus.open(Path(scratch) / split)


def _read_into(out: Path, folder: Path, split: str) -> None:
    entries = [entry for entry in entries_of(folder) if entry.split in (split, "")]
    if not entries:
        raise FileRefused(f"{folder} has no pieces whose split is {split!r}.")
    progress = Progress("reading", len(entries), sys.stderr)
    pieces = []
    for result in each(partial(read, folder), entries):
        pieces += [(result.piece, result.rows)] if isinstance(result, Read) else []
        progress.step()
    progress.end()
    if not pieces:
        raise FileRefused(f"Of {len(entries)} files in {folder} none can be read.")
    write(out, (), pieces)
