"""A file put on disk whole or not at all. It knows nothing of what is in it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from antiphon.engine.errors import FileRefused


def put_whole(path: Path, data: bytes) -> None:
    """Put `data` at `path` in one step: a reader sees the old file or the new one, never half.

    Raises `FileRefused` naming the folder. [may block]
    """
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or str(error)
        folder = path.parent.resolve()
        raise FileRefused(f"{path.name} cannot be written in {folder} ({reason}).") from error
    finally:
        with suppress(OSError):
            part.unlink()
