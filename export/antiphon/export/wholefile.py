"""A file put on disk whole or not at all. It knows nothing of what is in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from antiphon.engine.errors import FileRefused


@contextmanager
def whole(file: Path) -> Iterator[Path]:
    """Write to the path that is given; it becomes `file` at the end, or goes if anything fails.

    Its folder is made. Raises FileRefused if it cannot be written.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    with blaming(file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            yield part
            os.replace(part, file)
        finally:
            with suppress(OSError):
                part.unlink()


@contextmanager
def blaming(path: Path) -> Iterator[None]:
    """Tell what goes wrong while `path` is written as FileRefused; inside should be nothing else.

    A RuntimeError is what torch makes of a full disk.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileRefused(f"{path} cannot be written ({reason}).") from error
