"""How many sessions this machine can hold without a note missing: measured, not guessed."""

from __future__ import annotations

from .model import Model

NOTES_A_SECOND = 8
"""That a lively session plays, or hears: sixteen events, since what is struck is released."""
TOKENS_A_NOTE = 2.5
BATCH = 16
BUSY = 0.44
"""Part of one core that tokens may take up: the rest is for what is heard, and for surprises.

A machine that shares its processor runs faster and slower by half: at its slowest 33 fitted, at its
fastest 50; 46 were carried with nothing missing and one answer in thirty later than 50 ms.
"""
BESIDE = 1.4
"""What a token costs with all that is not the model, as times the model alone."""


def capacity(model: Model) -> int:
    """Sessions that fit beside one another; at least one. Takes some decodes' time."""
    sessions = min(BATCH, model.pool.free)
    ns_per_token = BESIDE * model.step_ns(sessions) / sessions
    return max(1, int(BUSY * 1e9 / (NOTES_A_SECOND * TOKENS_A_NOTE * ns_per_token)))
