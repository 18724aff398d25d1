"""What a player may wish of an answer: its style, how freely it is drawn, what it may contain."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from .notes import Instrument, Pitch

MOST_INSTRUMENTS = 10

Label = Annotated[str, Meta(max_length=80)]
Share = Annotated[float, Meta(ge=0, le=1)]


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
    echo: Share = 0.4
    """How much of what was played comes back: 0 leaves it to the model, 0.4 as often as in written
    music, 1 nearly always.
    """


class Constraints(Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer may contain.

    Constraints()                                  anything the model knows
    Constraints(instruments=(0,))                  piano only
    Constraints(lowest=48, highest=84)             pitched notes from C3 to C6
    """

    instruments: tuple[Instrument, ...] = ()
    """Instruments that may sound, at most ten; none named allows all."""
    lowest: Pitch = 0
    """Lowest MIDI key of pitched instruments."""
    highest: Pitch = 127
    """Highest MIDI key of pitched instruments."""
    polyphony: Annotated[int, Meta(ge=1, le=64)] = 16
    """Most pitched notes sounding at once."""
    density: Annotated[int, Meta(ge=1, le=192)] = 32
    """Most notes struck within one beat."""
    enter_within: Annotated[int, Meta(ge=0, le=1024)] = 8
    """Bars (of four beats where there are none) in which every instrument named comes in.

    0 leaves it to the music whether one does.
    """

    def __post_init__(self) -> None:
        if len(set(self.instruments)) > MOST_INSTRUMENTS:
            raise ValueError(
                f"{len(set(self.instruments))} instruments are named, and at most "
                f"{MOST_INSTRUMENTS} play together"
            )
        if self.lowest > self.highest:
            raise ValueError(f"the lowest key, {self.lowest}, is above the highest, {self.highest}")


class Blend(Struct, frozen=True, forbid_unknown_fields=True):
    """Two styles at once, and how they move.

    Blend("Chopin_F", "hymn")                              half and half
    Blend("Chopin_F", "hymn", share=0.3)                   mostly Chopin
    Blend("Bach_JS", "Chopin_F", share=0, toward=1)        from Bach to Chopin in each answer
    """

    first: Label
    """A composer or style, as `welcome` names them."""
    second: Label
    """The other one."""
    share: Share = 0.5
    """How much is the second's, 0 to 1; where it moves, at the start of an answer."""
    toward: Share | None = None
    """How much is the second's at the end of an answer; None keeps the share."""
