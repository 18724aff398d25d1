"""What an answer may contain, as a player asks for it in text. Pure.

--scale "A minor"    --chords "Am7 | F/C G | E7"    --range bass:E1-G3    --never drums
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from msgspec.structs import replace

from antiphon.engine.errors import UserError
from antiphon.engine.wishes import Chord, Constraints, Range

from . import programs

_KEY = re.compile(r"(?P<number>\d{1,3})|(?P<letter>[A-Ga-g])(?P<sign>[#b]?)(?P<octave>\d)")
_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_SIGNS = {"": 0, "#": 1, "b": -1}


def parse(
    scale: str | None = None,
    chords: str | None = None,
    ranges: Sequence[str] = (),
    never: str | None = None,
    polyphony: int | None = None,
) -> Constraints:
    """Rules from flags; UserError saying what cannot be."""
    usual = Constraints()
    own, (lowest, highest) = _ranges(ranges, (usual.lowest, usual.highest))
    try:
        return Constraints(
            lowest=lowest,
            highest=highest,
            polyphony=usual.polyphony if polyphony is None else polyphony,
            ranges=own,
            never=programs.parse(never).instruments if never else (),
            scale=scale or (),
            chords=_chords(chords) if chords else (),
        )
    except ValueError as error:
        raise UserError(f"These rules cannot be kept: {error}.") from None


def fitted(
    rules: Constraints, instruments: Iterable[int], near: tuple[int, int] | None = None
) -> Constraints:
    """The rules for these players, `near` some keys where nothing else was asked for.

    Who may never play does not. Scale and chords go before nearness; UserError if they leave a
    player no key at all.
    """
    usual = Constraints()
    players = tuple(sorted({*instruments} - {*rules.never}))
    free = (rules.lowest, rules.highest) == (usual.lowest, usual.highest)
    if near and free:
        with suppress(ValueError):
            return replace(rules, instruments=players, lowest=near[0], highest=near[1])
    try:
        return replace(rules, instruments=players)
    except ValueError as error:
        raise UserError(f"These rules cannot be kept: {error}.") from None


def _ranges(
    texts: Sequence[str], usual: tuple[int, int]
) -> tuple[tuple[Range, ...], tuple[int, int]]:
    """Ranges of instruments, and that of all others."""
    own = []
    for text in texts:
        name, colon, keys = text.rpartition(":")
        low, dash, high = keys.partition("-")
        if not dash:
            raise UserError(f"{text!r} is no range; one reads C3-C6, 48-84 or bass:E1-G3.")
        between = (_key(low), _key(high))
        if not colon:
            usual = between
            continue
        try:
            own += [Range(i, *between) for i in programs.parse(name).instruments]
        except ValueError as error:
            raise UserError(f"{text!r} is no range: {error}.") from None
    return tuple(own), usual


def _key(text: str) -> int:
    """MIDI key of a number or of a name; C4 is 60."""
    found = _KEY.fullmatch(text.strip())
    if found is None:
        raise UserError(f"{text!r} is no key; one reads C4, F#3 or 60.")
    if found["number"]:
        key = int(found["number"])
    else:
        step = _LETTERS[found["letter"].lower()] + _SIGNS[found["sign"]]
        key = 12 * (int(found["octave"]) + 1) + step
    if not 0 <= key < 128:
        raise UserError(f"{text!r} is beyond the keys of MIDI, which are 0 to 127.")
    return key


def _chords(text: str) -> tuple[Chord, ...]:
    """Chord symbols; a bar between lines, chords in it share it; without lines one bar each."""
    bars = [bar.split() for bar in text.strip(" |").split("|")]
    if len(bars) == 1:
        bars = [[chord] for chord in bars[0]]
    if not bars or not all(bars):
        raise ValueError("a bar has no chord")
    return tuple(Chord(chord, 1 / len(bar)) for bar in bars for chord in bar)
