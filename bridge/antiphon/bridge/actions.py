"""What a player can ask for by hand: with a pedal, a pad, a controller or a key. Pure."""

from __future__ import annotations

from enum import Enum


class Action(Enum):
    """What happens at a press."""

    HANDOVER = "handover"
    SILENCE = "silence"
    PANIC = "panic"
    REROLL = "reroll"
    OTHER = "other"
    KEEP = "keep"
    REJECT = "reject"
    UNDO = "undo"
    LOCK = "lock"
    MODE = "mode"


class Dial(Enum):
    """What can be turned, from 0 to 1."""

    TEMPERATURE = "temperature"
    DENSITY = "density"
    EAGERNESS = "eagerness"
