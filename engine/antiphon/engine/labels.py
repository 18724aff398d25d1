"""What kind of music it is, as rows: styles, instruments, tempo, metre.

They stand first, and again in mid-piece, directly before the first note of a moment: attention
reaches only so far back, and what it does not reach is forgotten. Two styles in one row are a
blend; a blend that moves is told anew whenever its share has gone on by a step. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import vocabulary as vocab
from .protocol import Open
from .tokens import Row
from .vocabulary import Vocabulary
from .wishes import Blend

STEP = 10
"""Percent by which the share of a blend that moves goes on."""


class Labels:
    """The labels of one session: its names are looked up once.

    UserError with near names if a style is unknown.
    """

    def __init__(self, vocabulary: Vocabulary, opened: Open) -> None:
        self._styles = [Row(vocabulary.style_id(name)) for name in opened.styles]
        self._blend = opened.blend
        names = (self._blend.first, self._blend.second) if self._blend else ()
        self._mixed = [vocabulary.style_id(name) for name in names]
        self._time = [Row(vocab.tempo_id(opened.bpm))] if opened.bpm is not None else []
        if opened.metre is not None:
            self._time.append(Row(vocab.metre_id(*opened.metre)))

    def at(self, passed: float, instruments: Iterable[int]) -> tuple[Row, ...]:
        """Rows that say what is played when a part of an answer, 0 to 1, has passed."""
        names = [Row(vocab.WITH + i) for i in sorted({*instruments})]
        return (*self._styles, *self._mix(passed), *names, *self._time)

    def _mix(self, passed: float) -> list[Row]:
        if self._blend is None:
            return []
        first, second = self._mixed
        return [mixed(first, second, percent(self._blend, passed))]


def percent(blend: Blend, passed: float) -> int:
    """How much of a blend is the second's, 0 to 100; in steps if it moves."""
    if blend.toward is None:
        return round(100 * blend.share)
    share = blend.share + (blend.toward - blend.share) * min(max(passed, 0.0), 1.0)
    return STEP * round(100 * share / STEP)


def mixed(first: int, second: int, share: int) -> Row:
    """One row of two tokens, `share` percent (0 to 100) of which is the second's.

    The larger part comes first, as in training; what is all one token is that token alone.
    """
    if share > 50:
        first, second, share = second, first, 100 - share
    return Row(first, other=second, share=share) if share else Row(first)
