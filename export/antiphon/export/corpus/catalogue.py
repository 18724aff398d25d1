"""Which files of a folder are music, and what is known of each before it is read.

A `manifest.csv` says it, or else the names of the folders: those on the first level name styles.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from antiphon.engine.errors import FileRefused

from .reading import SUFFIXES

MANIFEST = "manifest.csv"
NEEDED = ("path", "split")
"""Columns a manifest must have; `collection`, `composer` and `style` may be missing or empty."""
MOST_NEEDED_PIECES = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One file."""

    path: str
    """Below the folder."""
    collection: str
    """Collections are drawn from evenly in training, and measured apart."""
    labels: tuple[str, ...]
    """Names of styles: the composer, the kind of music."""
    split: str
    """`train`, `valid` or what else a manifest says; empty where nobody has said it."""


def entries_of(folder: Path) -> list[Entry]:
    """All files that are listed or found, in a steady order.

    Raises FileRefused if there is no such folder, no music in it, or a manifest of another kind.
    """
    if not folder.is_dir():
        raise FileRefused(f"There is no folder {folder}.")
    manifest = folder / MANIFEST
    entries = _listed(manifest) if manifest.exists() else _found(folder)
    if not entries:
        raise FileRefused(f"{folder} holds no music; files may be {', '.join(sorted(SUFFIXES))}.")
    return entries


def _listed(manifest: Path) -> list[Entry]:
    try:
        with manifest.open(newline="", encoding="utf-8-sig") as file:
            lines = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FileRefused(f"{manifest} cannot be read ({error}).") from None
    lacking = [name for name in NEEDED if lines and lines[0].get(name) is None]
    if lacking:
        raise FileRefused(
            f"{manifest} has no column {' or '.join(lacking)}; without that file the names of "
            "folders would do."
        )
    home = manifest.parent.resolve().name
    return [_entry(line, home) for line in lines]


def _entry(line: dict[str, str], home: str) -> Entry:
    composer, style = line.get("composer") or "", line.get("style") or ""
    named = composer != "Anonymous" and not composer.startswith("drummer")
    labels = tuple(label for label in (composer if named else "", style) if label)
    return Entry(line["path"], line.get("collection") or home, labels, line["split"] or "")


def _found(folder: Path) -> list[Entry]:
    home = folder.resolve().name
    below = (path.relative_to(folder) for path in folder.rglob("*"))
    # Names that begin with a dot are the systems' own: thumbnails, resource forks, half copies.
    music = (
        path for path in below
        if path.suffix.lower() in SUFFIXES and not any(p.startswith(".") for p in path.parts)
    )  # fmt: skip
    # Those with a label first: of copies the first stays.
    ordered = sorted(music, key=lambda path: (len(path.parts) == 1, path))
    return [_guessed(path, home) for path in ordered if (folder / path).is_file()]


def _guessed(path: Path, home: str) -> Entry:
    labels = path.parts[:1] if len(path.parts) > 1 else ()
    return Entry(path.as_posix(), labels[0] if labels else home, labels, "")


def styles_of(pieces: Iterable[tuple[str, ...]]) -> list[str]:
    """Of the labels of each piece those that enough pieces share, most frequent first.

    Enough is 10 pieces, as one learns nothing of a composer from less; but a twentieth of a small
    folder, or a player's own fifty files would have no style at all. One piece never makes one.
    """
    labels = list(pieces)
    enough = min(MOST_NEEDED_PIECES, max(2, len(labels) // 20))
    counts = Counter(label for piece in labels for label in piece)
    return [name for name, n in counts.most_common() if n >= enough]
