"""A folder put on disk whole or not at all. It knows nothing of what is in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..wholefile import blaming


@contextmanager
def put_whole(out: Path, mark: str, own: Collection[str]) -> Iterator[Path]:
    """Write into the folder that is given; it becomes `out` at the end, or goes if anything fails.

    An `out` that is there is replaced if it holds the file `mark`, and nothing but the names `own`,
    so nothing foreign is lost. Raises FileRefused, before anything is written, if it may not be, or
    cannot be written.
    """
    _refuse_to_replace(out, mark, own)
    part, old = (out.parent / f".{out.name}.{os.getpid()}.{kind}" for kind in ("part", "old"))
    with blaming(out):
        part.mkdir(parents=True)
    try:
        yield part
        _refuse_to_replace(out, mark, own)
        with blaming(out):
            if out.exists():
                out.rename(old)
            part.rename(out)
    finally:
        if old.exists() and not out.exists():
            old.rename(out)
        for gone in (part, old):
            shutil.rmtree(gone, ignore_errors=True)


def _refuse_to_replace(out: Path, mark: str, own: Collection[str]) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise FileRefused(f"{out} is a file; name another folder.")
    foreign = sorted({path.name for path in out.iterdir()} - set(own))
    if not foreign and (not any(out.iterdir()) or (out / mark).exists()):
        return
    what = foreign[0] if foreign else "something else"
    raise FileRefused(f"{out} is there and holds {what}; name another folder.")
