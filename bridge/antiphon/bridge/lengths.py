"""How long an answer shall be, and a bar, as a player says it in text. Pure.

phrase    8    4bars    ending    endless      3/4    6/8
"""

from __future__ import annotations

import re
from typing import NamedTuple

from antiphon.engine.errors import UserError
from antiphon.engine.notes import TICKS_PER_BEAT

MOST_BEATS = 4096
ENDLESS_BEATS = 100_000
"""Half a day: it goes on until it is interrupted."""
LONGEST_BEATS = 256
"""What the model may end by itself is at most so long."""

LONGEST_BAR = 32
"""Beats in a bar, at most."""

_METRE = re.compile(r"(?P<beats>\d{1,2})/(?P<value>1|2|4|8|16)")
_LENGTH = re.compile(r"(?P<number>\d{1,6}) ?(?P<unit>beats?|bars?)?")


class Length(NamedTuple):
    """Of an answer."""

    beats: int | None = None
    """None: as long as the phrase."""
    own_ending: bool = False
    """Whether the model may end it sooner."""


def parse(text: str, bars: tuple[int, int]) -> Length:
    """A length from text, in bars of that metre; UserError if it is none."""
    named = {
        "phrase": Length(),
        "ending": Length(LONGEST_BEATS, own_ending=True),
        "endless": Length(ENDLESS_BEATS),
    }
    if text in named:
        return named[text]
    found = _LENGTH.fullmatch(text)
    if found is None:
        raise UserError(
            f"{text!r} is no length of an answer; say phrase, 8, 4bars, ending or endless."
        )
    number, in_bars = int(found["number"]), (found["unit"] or "").startswith("bar")
    ticks = number * (TICKS_PER_BEAT * 4 * bars[0] // bars[1] if in_bars else TICKS_PER_BEAT)
    beats = -(-ticks // TICKS_PER_BEAT)
    if not 1 <= beats <= MOST_BEATS:
        raise UserError(f"An answer lasts from 1 to {MOST_BEATS} beats, or is endless.")
    return Length(beats)


def metre(text: str) -> tuple[int, int]:
    """Beats in a bar and their note value, from text; UserError if it is none."""
    found = _METRE.fullmatch(text)
    if found is None or not 1 <= int(found["beats"]) <= LONGEST_BAR:
        raise UserError(f"{text!r} is no metre; one reads 3/4 or 6/8.")
    return int(found["beats"]), int(found["value"])
