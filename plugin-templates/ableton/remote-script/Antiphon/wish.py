"""What a clip's name asks for: "Verse >" is to be continued, "Verse >8" by eight bars."""

from __future__ import annotations

import re
from typing import NamedTuple

BARS = 4
MOST_BARS = 64

_ASKING = re.compile(r"(?P<name>.*?)\s*>\s*(?P<bars>\d{0,3})\s*")


class Wish(NamedTuple):
    """The clip's own name, and how many bars are to follow."""

    name: str
    bars: int


def wish(name: str) -> Wish | None:
    """What this name asks for; None if it is just a name."""
    match = _ASKING.fullmatch(name)
    if match is None:
        return None
    bars = int(match["bars"] or BARS)
    return Wish(match["name"], min(max(1, bars), MOST_BARS))
