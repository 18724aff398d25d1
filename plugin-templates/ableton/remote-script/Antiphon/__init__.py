"""Antiphon in Live: a clip whose name ends in > is continued in the next free slot."""

# Live shows the folder's name, so it has a capital.
# ruff: noqa: N999

from __future__ import annotations

from typing import Any

from .surface import Surface


def create_instance(c_instance: Any) -> Surface:
    """What Live calls when the script is chosen under Preferences, Link/Tempo/MIDI."""
    return Surface(c_instance)
