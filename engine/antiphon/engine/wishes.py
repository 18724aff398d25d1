"""What a player may wish of an answer: how freely it is drawn, and what it may contain."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .notes import Instrument, Pitch


class Feel(Struct, frozen=True, forbid_unknown_fields=True):
    """How freely tokens are drawn.

    Feel()                     the default: lively but in style
    Feel(temperature=0)        always the likeliest token
    Feel(top_p=1, min_p=0)     the model's own distribution
    """

    temperature: Annotated[float, Meta(ge=0, le=4)] = 0.95
    """0 always takes the likeliest, 1 is the model's own distribution."""
    top_p: Annotated[float, Meta(gt=0, le=1)] = 0.95
    """Only the likeliest tokens that together hold this much probability."""
    min_p: Annotated[float, Meta(ge=0, lt=1)] = 0.02
    """Only tokens at least this likely compared with the likeliest."""


class Constraints(Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer may contain.

    Constraints()                                  anything the model knows
    Constraints(instruments=(0,))                  piano only
    Constraints(lowest=48, highest=84)             pitched notes from C3 to C6
    """

    instruments: tuple[Instrument, ...] = ()
    """Instruments that may sound; none named allows all."""
    lowest: Pitch = 0
    """Lowest MIDI key of pitched instruments."""
    highest: Pitch = 127
    """Highest MIDI key of pitched instruments."""
    polyphony: Annotated[int, Meta(ge=1, le=64)] = 16
    """Most pitched notes sounding at once."""
    density: Annotated[int, Meta(ge=1, le=192)] = 32
    """Most notes struck within one beat."""

    def __post_init__(self) -> None:
        if self.lowest > self.highest:
            raise ValueError(f"the lowest key, {self.lowest}, is above the highest, {self.highest}")
