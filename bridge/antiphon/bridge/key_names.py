"""Keys by name, as a player writes them: C4 is 60. Pure."""

from __future__ import annotations

import re

from antiphon.engine.errors import UserError

_KEY = re.compile(r"(?P<number>\d{1,3})|(?P<letter>[A-Ga-g])(?P<sign>[#b]?)(?P<octave>-1|\d)")
_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS = {"": 0, "#": 1, "b": -1}


def key(text: str) -> int:
    """MIDI key 0..127 of a number or of a name; UserError if it is none."""
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise UserError(f"{text!r} is no key; one reads C4, F#3 or 60.")
    if found["number"]:
        number = int(found["number"])
    else:
        step = _LETTERS[found["letter"].lower()] + _SIGNS[found["sign"]]
        number = 12 * (int(found["octave"]) + 1) + step
    if not 0 <= number < 128:
        raise UserError(f"{text!r} is beyond the keys of MIDI, which are 0 to 127.")
    return number
