"""One journal on disk: opened or made, repaired, appended to, and known to be there or not.

A new one appears under its name only when its first frame is on disk. It knows nothing of what
the frames say.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from .checked_frames import extent
from .sessions import SUFFIX

_MOST_OF_A_NAME = 1000
_sync = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync


class JournalFile:
    """A journal that is open for appending. Everything may raise OSError. [may block]"""

    def __init__(self, path: Path, fd: int) -> None:
        self.path, self._fd = path, fd
        data = _contents(fd)
        self._length, self.number = extent(data)
        """Number of the last frame that is whole."""
        self.cut = len(data) - self._length
        """Bytes of a torn end that were cut off."""
        os.ftruncate(fd, self._length)
        os.lseek(fd, self._length, os.SEEK_SET)

    @classmethod
    def of(cls, folder: Path, stem: str, first: bytes) -> JournalFile:
        """The journal that begins with the frame `first`; made if there is none."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for n in range(1, _MOST_OF_A_NAME):
            path = folder / f"{stem}{f'-{n}' if n > 1 else ''}{SUFFIX}"
            if (fd := _open(path, first)) is not None:
                return cls(path, fd)
        raise FileExistsError(errno.EEXIST, "its names are all taken", str(folder))

    def write(self, data: bytes) -> None:
        """Append frames: at the end of the file, not on disk yet. If it fails, none is torn."""
        begin, written = os.lseek(self._fd, 0, os.SEEK_CUR), 0
        try:
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, begin + extent(data[:written]).length)
            raise

    def sync(self) -> None:
        """Return when everything is on disk, and at the place where it is looked for."""
        try:
            _sync(self._fd)
        except OSError:
            # What a failed sync leaves in memory may never reach the disk, and looks as if it had.
            os.ftruncate(self._fd, self._length)
            raise
        if not os.path.samestat(os.stat(self.path), os.fstat(self._fd)):
            raise FileNotFoundError(errno.ENOENT, "it is no longer there", str(self.path))
        self._length = os.lseek(self._fd, 0, os.SEEK_CUR)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)


def _open(path: Path, first: bytes) -> int | None:
    """The journal at `path` if it is ours or can be made so; None if another has the name."""
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return _made(path, first)
    if os.pread(fd, len(first), 0) == first and _lock(fd):
        return fd
    os.close(fd)
    return None


def _made(path: Path, first: bytes) -> int:
    part = path.parent / f".{path.name}.{os.getpid()}.part"
    fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        if os.write(fd, first) < len(first):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(fd)
        _lock(fd)
        # Unlike renaming, this fails where the name is taken.
        os.link(part, path)
        _sync_folder(path.parent)
    except BaseException:
        os.close(fd)
        raise
    finally:
        part.unlink()
    return fd


def _lock(fd: int) -> bool:
    """Let others see that it is being written; False if somebody else writes it."""
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _contents(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    with os.fdopen(os.dup(fd), "rb") as file:
        return file.read()
