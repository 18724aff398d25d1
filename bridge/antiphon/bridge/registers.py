"""The keys in which each instrument is at home, for who was not told otherwise. Pure.

From the lowest to the highest key of the usual members of a General MIDI family. A model that
drifts writes a bass that nobody can hear; a range that was asked for (`--range`) goes before these.
"""

from __future__ import annotations

from antiphon.engine.notes import INSTRUMENTS

_KEYS = {
    "piano": (21, 108), "chromatic": (48, 108), "organ": (36, 96), "guitar": (40, 88),
    "bass": (24, 67), "strings": (28, 103), "ensemble": (28, 96), "brass": (28, 89),
    "reed": (34, 96), "pipe": (48, 103), "lead": (36, 96), "pad": (36, 96), "effects": (36, 96),
    "ethnic": (36, 96), "percussive": (36, 96), "sfx": (36, 96),
}  # fmt: skip

REGISTERS: dict[int, tuple[int, int]] = {
    INSTRUMENTS.index(name): keys for name, keys in _KEYS.items()
}
"""Lowest and highest MIDI key of each pitched instrument, by its index."""
