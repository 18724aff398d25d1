"""How a passage is bent so that the model does not learn it by heart: key, force and time.

Transposition and velocity work on token rows in place; timing goes back to notes, because waits and
lengths must be told anew.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS
from antiphon.engine.tokens import Column

Rows = npt.NDArray[np.int64]
Notes = npt.NDArray[np.int64]
"""Columns onset, instrument, pitch, end, velocity."""

UNEVEN_TICKS = 1.5
"""Largest standard deviation of an uneven onset: at 120 beats a minute 16 ms."""
STRETCH = 0.1
"""Largest natural logarithm of a change of pace."""


def transpose(rows: Rows, most: int, rng: np.random.Generator) -> None:
    """Move all pitched notes by the same number of semitones, as far as the keyboard reaches."""
    token = rows[:, Column.TOKEN]
    pitched = (token >= vocab.NOTE) & (token < vocab.NOTE + 128 * DRUMS)
    if not most or not pitched.any():
        return
    pitch = (token[pitched] - vocab.NOTE) % 128
    low, high = max(1 - most, -int(pitch.min())), min(most, 127 - int(pitch.max()))
    if low <= high:
        token[pitched] += int(rng.integers(low, high + 1))


def louder(rows: Rows, most: int, rng: np.random.Generator) -> None:
    """Move all velocities by the same number of bins."""
    velocity = rows[:, Column.VELOCITY]
    struck = velocity > 0
    shift = int(rng.integers(-most, most + 1))
    velocity[struck] = np.clip(velocity[struck] + shift, 1, vocab.VELOCITY_BINS)


def played_unevenly(notes: Notes, rng: np.random.Generator) -> Notes:
    """Each onset a little early or late, as hands do it; lengths stay."""
    late = np.rint(rng.normal(0, rng.uniform(0, UNEVEN_TICKS), len(notes))).astype(np.int64)
    return _moved(notes, np.maximum(notes[:, 0] + late, notes[:, 0].min()))


def pace(rng: np.random.Generator) -> float:
    """A factor to stretch by."""
    return float(np.exp(rng.uniform(-STRETCH, STRETCH)))


def stretched(notes: Notes, factor: float) -> Notes:
    """All of it faster or slower by a factor, counted from tick 0."""
    bent = notes.copy()
    bent[:, 3] = np.rint(notes[:, 3] * factor)
    bent[:, 0] = np.rint(notes[:, 0] * factor)
    bent[:, 3] = np.maximum(bent[:, 3], bent[:, 0] + 1)
    return bent


def _moved(notes: Notes, onset: npt.NDArray[Any]) -> Notes:
    bent = notes.copy()
    bent[:, 3] += onset - notes[:, 0]
    bent[:, 0] = onset
    return bent


def notes_of(token: Rows, velocity: Rows, tick: Rows) -> Notes:
    """Notes that some tokens tell; one whose length is not among them is left out."""
    at = np.flatnonzero((token >= vocab.NOTE) & (token < vocab.STYLE))
    instrument, pitch = np.divmod(token[at] - vocab.NOTE, 128)
    whole = (instrument == DRUMS) | (at + 1 < len(token))
    at, instrument, pitch = at[whole], instrument[whole], pitch[whole]
    said = token[np.minimum(at + 1, len(token) - 1)] - vocab.LENGTH
    length = np.where(instrument == DRUMS, 1, _TIMES[np.clip(said, 0, len(_TIMES) - 1)])
    force = 16 * (velocity[at] - 1) + 8
    return np.stack([tick[at], instrument, pitch, tick[at] + length, force], axis=1)


_TIMES = np.array(vocab.TIMES, np.int64)
