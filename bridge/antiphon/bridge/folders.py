"""Whether files can be kept in a folder: asked before anything is played, made when needed."""

from __future__ import annotations

import os
from pathlib import Path

from antiphon.engine.errors import FileRefused


def check(folder: Path) -> None:
    """FileRefused if nothing could be kept there. Nothing is made. [may block]"""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        raise FileRefused(f"{folder}: {there} is no folder.")
    if not os.access(there, os.W_OK):
        raise FileRefused(f"{folder}: nothing may be written in {there}.")


def made(folder: Path) -> Path:
    """The folder, there by now; FileRefused if it cannot be made. [may block]"""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{folder} cannot be made ({error.strerror}).") from None
    return folder
