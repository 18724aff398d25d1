"""Which degrees of the scale a tone may be, by the key profiles of Krumhansl and Kessler. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
CERTAINTY = 12.0
"""How fast a key loses belief with the correlation it lacks to the best."""


def degrees(classes: Sequence[float], pitch: int) -> NDArray[np.float64]:
    """How likely the pitch is so many semitones above the tonic (12,), and that of minor (1,).

    `classes` says how much each of the 12 pitch classes was heard.
    """
    heard = np.asarray(classes, np.float64)
    heard = heard - heard.mean()
    fits = _KEYS @ heard / (np.linalg.norm(heard) or 1.0)
    belief = np.exp(CERTAINTY * (fits - fits.max()))
    belief /= belief.sum()
    tonics = belief[:12] + belief[12:]
    return np.append(tonics[(pitch - np.arange(12)) % 12], belief[12:].sum())


def _profiles() -> NDArray[np.float64]:
    rows = [np.roll(profile, tonic) for profile in (MAJOR, MINOR) for tonic in range(12)]
    table = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    return np.asarray(table / np.linalg.norm(table, axis=1, keepdims=True))


_KEYS = _profiles()
