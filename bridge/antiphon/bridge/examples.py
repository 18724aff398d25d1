"""The phrases that come with Antiphon."""

from __future__ import annotations

from pathlib import Path

FIRST = "evening-song.mid"


def example_phrase(name: str = FIRST) -> Path:
    """Path of a phrase: inside the installed package, or in the checkout's own folder."""
    installed = Path(__file__).parent / "examples" / name
    return installed if installed.exists() else Path(__file__).parents[3] / "examples" / name
