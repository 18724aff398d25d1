"""A folder put on disk whole or not at all. It knows nothing of what is in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from antiphon.engine.errors import FileRefused


@contextmanager
def put_whole(out: Path, mark: str) -> Iterator[Path]:
    """Write into the folder that is given; it becomes `out` at the end, or goes if anything fails.

    An `out` that is there is replaced if it holds the file `mark`, so nothing foreign is lost.
    Raises FileRefused, before anything is written, if it may not be, or cannot be written.
    """
    if out.exists() and not (out / mark).exists() and not _is_empty(out):
        raise FileRefused(f"{out} is there and holds something else; name another folder.")
    part = out.parent / f".{out.name}.{os.getpid()}.part"
    try:
        part.mkdir(parents=True)
        yield part
        shutil.rmtree(out, ignore_errors=True)
        part.rename(out)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileRefused(f"{out} cannot be written ({reason}).") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
