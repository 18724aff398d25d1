"""In which order the bars of a score are played: repeats, endings, da capo, dal segno, coda, fine.

Pure, and robust: scores have signs that make no sense, and still every order ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signs:
    """What stands at one bar. Signs that send elsewhere stand at its end, the others before it."""

    forward: bool = False
    """A repeat begins."""
    plays: int = 0
    """A repeat ends that is played so many times, 0 if none does."""
    endings: tuple[int, ...] = ()
    """The bar belongs to the endings of these rounds only."""
    segno: bool = False
    coda: bool = False
    fine: bool = False
    to_coda: bool = False
    da_capo: bool = False
    dal_segno: bool = False


def playing_order(bars: Sequence[Signs]) -> list[int]:
    """Indices of the bars as they are played.

    After a da capo or dal segno repeats are left out, of endings the last is taken, and `fine` and
    `to_coda` count, as players do it unless told otherwise.
    """
    order: list[int] = []
    at, begin, turn, returned = 0, 0, 1, False
    while at < len(bars):
        bar = bars[at]
        if bar.forward and at != begin:
            begin, turn = at, 1
        if bar.endings and (_last_ending(bars, at) if returned else turn) not in bar.endings:
            at += 1
            continue
        if order and bars[order[-1]].endings and not bar.endings and at > order[-1]:
            begin, turn = at, 1
        order.append(at)
        if returned and bar.fine:
            break
        if returned and bar.to_coda and (coda := _first(bars, "coda", at + 1)) is not None:
            at = coda
        elif not returned and bar.plays and _again(bars, at, turn):
            at, turn = begin, turn + 1
        elif not returned and (bar.da_capo or bar.dal_segno):
            at = 0 if bar.da_capo else _first(bars, "segno", 0) or 0
            returned = True
        else:
            if bar.plays and not bar.endings:
                begin, turn = at + 1, 1
            at += 1
    return order


def _again(bars: Sequence[Signs], at: int, turn: int) -> bool:
    """Whether the repeat that ends at a bar is played once more after round `turn`."""
    if not bars[at].endings:
        return turn < bars[at].plays
    return any(turn + 1 in bar.endings for bar in _bracket(bars, at))


def _last_ending(bars: Sequence[Signs], at: int) -> int:
    return max(max(bar.endings) for bar in _bracket(bars, at))


def _bracket(bars: Sequence[Signs], at: int) -> Sequence[Signs]:
    """The bars with endings that stand together around `at`."""
    first = last = at
    while first and bars[first - 1].endings:
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].endings:
        last += 1
    return bars[first : last + 1]


def _first(bars: Sequence[Signs], sign: str, begin: int) -> int | None:
    return next((i for i in range(begin, len(bars)) if getattr(bars[i], sign)), None)
