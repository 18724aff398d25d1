"""Many files read side by side: progress is told, and by name what was left out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from ..progress import Progress
from .catalogue import Entry
from .intake import Read, Refused
from .workers import each

Tell = Callable[[str], None]


def gathered(
    what: str,
    refusal: str,
    function: Callable[[Entry], Read | Refused],
    entries: Sequence[Entry],
    tell: Tell,
) -> list[Read]:
    """What became of some files; those that were refused are told by name below `refusal`."""
    progress = Progress(what, len(entries), sys.stderr)
    results: list[Read | Refused] = []
    for entry, result in zip(entries, each(function, entries), strict=True):
        results.append(result or Refused(entry, "the reader broke down over it"))
        progress.step()
    progress.end()
    refused = {r.entry.path: r.reason for r in results if isinstance(r, Refused)}
    tell_left_out(refusal, refused, tell)
    return [result for result in results if isinstance(result, Read)]


def tell_left_out(why: str, files: Mapping[str, str], tell: Tell) -> None:
    """Tell files by name, each with the reason; nothing if there are none."""
    if files:
        tell(f"{why} ({len(files)}):")
    for path, reason in files.items():
        tell(f"  {path}: {reason}")
