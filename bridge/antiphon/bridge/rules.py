"""What an answer may contain, as a player asks for it in text. Pure.

--scale "A minor"    --chords "Am7 | F/C G | E7"    --range bass:E1-G3    --never drums
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from msgspec.structs import replace

from antiphon.engine.errors import UserError
from antiphon.engine.wishes import Chord, Constraints, Range

from . import programs
from .key_names import key
from .registers import REGISTERS


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


def _registers(rules: Constraints, players: Iterable[int]) -> Iterator[Range]:
    """Where those of the players are at home who were told no keys."""
    usual, told = Constraints(), {own.instrument for own in rules.ranges}
    if (rules.lowest, rules.highest) != (usual.lowest, usual.highest):
        return
    for player in players:
        if player in REGISTERS and player not in told:
            yield Range(player, *REGISTERS[player])


def possible(
    rules: Constraints, instruments: Iterable[int], near: tuple[int, int] | None = None
) -> Constraints:
    """The rules for those of these players who can keep them; for anybody if none of them can.

    What a player takes up while playing must not end the music. Where no keys are near and none
    were asked for each stays in its register.
    """
    able = [i for i in instruments if _keeps(rules, i)]
    if near is None:
        with suppress(ValueError):
            rules = replace(rules, ranges=(*rules.ranges, *_registers(rules, able)))
    return fitted(rules, able, near)


def _keeps(rules: Constraints, instrument: int) -> bool:
    try:
        fitted(rules, [instrument])
    except UserError:
        return False
    return instrument not in rules.never


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
        between = (key(low), key(high))
        if not colon:
            usual = between
            continue
        try:
            own += [Range(i, *between) for i in programs.parse(name).instruments]
        except ValueError as error:
            raise UserError(f"{text!r} is no range: {error}.") from None
    return tuple(own), usual


def _chords(text: str) -> tuple[Chord, ...]:
    """Chord symbols; a bar between lines, chords in it share it; without lines one bar each."""
    bars = [bar.split() for bar in text.strip(" |").split("|")]
    if len(bars) == 1:
        bars = [[chord] for chord in bars[0]]
    if not bars or not all(bars):
        raise ValueError("a bar has no chord")
    return tuple(Chord(chord, 1 / len(bar)) for bar in bars for chord in bar)
