"""The key of some music, after Krumhansl and Schmuckler, and whether notes belong to it. Pure.

The key is the one of 24 whose profile (Krumhansl & Kessler 1982) correlates best with how long each
pitch class sounds. Its scale is the major scale, or natural, harmonic and melodic minor together.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .passage import Passage

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
MINOR_SCALE = (0, 2, 3, 5, 7, 8, 9, 10, 11)


class Key(NamedTuple):
    """A key of 24."""

    tonic: int
    """Pitch class, 0 is C."""
    minor: bool

    @property
    def scale(self) -> frozenset[int]:
        """Pitch classes of its scale."""
        steps = MINOR_SCALE if self.minor else MAJOR_SCALE
        return frozenset((self.tonic + step) % 12 for step in steps)


def key_of(passage: Passage) -> Key:
    """The likeliest key; C major if all sound alike, or nothing does."""
    notes = passage.pitched
    sounding = np.bincount(notes[:, 2] % 12, notes[:, 3] - notes[:, 0], minlength=12)
    if np.ptp(sounding) == 0:
        return Key(0, minor=False)
    keys = [Key(tonic, minor) for minor in (False, True) for tonic in range(12)]
    return max(keys, key=lambda key: float(np.corrcoef(sounding, _profile(key))[0, 1]))


def pitch_classes(phrase: Passage) -> frozenset[int]:
    """What belongs to the key of a phrase: its key's scale, and every pitch class it has."""
    return key_of(phrase).scale | frozenset((phrase.pitched[:, 2] % 12).tolist())


def share_in(passage: Passage, allowed: frozenset[int]) -> float:
    """Share of pitched notes whose pitch class is allowed, of at least one."""
    return float(np.isin(passage.pitched[:, 2] % 12, list(allowed)).mean())


def _profile(key: Key) -> list[float]:
    profile = MINOR if key.minor else MAJOR
    return [profile[(pitch_class - key.tonic) % 12] for pitch_class in range(12)]
