"""Where the journals of sessions lie, which of them there are, and which have had their time."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from antiphon.engine.errors import FileRefused

SUFFIX = ".antiphon"
KEPT = timedelta(days=30)
MOST_BYTES = 10**9


def folder(environment: Mapping[str, str] = os.environ, system: str = sys.platform) -> Path:
    """Where this system keeps what a program's user would miss."""
    if system == "win32":
        return Path(environment.get("LOCALAPPDATA") or _home() / "AppData" / "Local") / _NAME
    if system == "darwin":
        return _home() / "Library" / "Application Support" / _NAME
    data = Path(environment.get("XDG_DATA_HOME", ""))
    # The standard has relative paths passed over.
    return (data if data.is_absolute() else _home() / ".local" / "share") / _NAME


def stem(at: str) -> str:
    """Name of a session that began at `at`, ISO 8601."""
    return at[:19].replace("T", "_").replace(":", "-")


def newest_first(place: Path) -> list[Path]:
    """Journals of a folder; none if there is no such folder. [may block]"""
    found = [path for path in place.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
    return sorted(found, key=_order, reverse=True)


def find(place: Path, name: str | None) -> Path:
    """The journal of that name, or at that path, or whose name alone begins so; None: the newest.

    Raises FileRefused if there is none. [may block]
    """
    if name and (path := Path(name)).suffix == SUFFIX and path.is_file():
        return path
    found = newest_first(place)
    if not found:
        raise FileRefused(f"No session was recorded so far; they will be in {place}.")
    exact = [path for path in found if path.stem == name]
    meant = exact or [path for path in found if path.stem.startswith(name or "")]
    if name is None or len(meant) == 1:
        return meant[0]
    few = "There are several sessions" if meant else "There is no session"
    raise FileRefused(f"{few} of the name {name}; `antiphon sessions` lists them.")


def tidy(place: Path, now: datetime, keep: Path | None = None) -> list[Path]:
    """Delete what is older than 30 days, then the oldest beyond 1 GB; returns what was deleted.

    Today's stay, `keep` stays, and so does what is being written. [may block]
    """
    gone: list[Path] = []
    room = MOST_BYTES
    for path in newest_first(place):
        with suppress(OSError):
            about = path.stat()
            room -= about.st_size
            written = datetime.fromtimestamp(about.st_mtime, now.tzinfo)
            stays = path == keep or written.date() >= now.date()
            if not stays and (now - written > KEPT or room < 0) and not in_use(path):
                path.unlink()
                room += about.st_size
                gone.append(path)
    return gone


def in_use(path: Path) -> bool:
    """Whether a recorder is writing it. [may block]"""
    with suppress(ImportError), path.open("rb") as file:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


_NAME = Path("antiphon") / "sessions"


def _order(path: Path) -> tuple[str, int]:
    """By time, then by the number that tells apart what began in one second."""
    began, number = path.stem[:19], path.stem[20:]
    return began, int(number) if number.isdecimal() else 0


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # an account without a home, as in some containers
        return Path(tempfile.gettempdir())
