"""Styles as a player asks for them in text. Pure: which names there are is the bundle's to say.

chopin                  a style, by any part of its name
chopin:0.7,hymn:0.3     two at once, each with its weight
bach>chopin             from one to the other in each answer
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from antiphon.engine.errors import UserError
from antiphon.engine.wishes import Blend


class Styles(NamedTuple):
    """What was asked for."""

    names: tuple[str, ...] = ()
    """Styles that hold throughout."""
    blend: Blend | None = None

    @property
    def all_names(self) -> tuple[str, ...]:
        """Every name in it."""
        mixed = (self.blend.first, self.blend.second) if self.blend else ()
        return (*self.names, *mixed)


def parse(texts: Iterable[str]) -> Styles:
    """Styles of some texts, at most one of them a blend; UserError saying how to write it."""
    texts = list(texts)
    plain = [text for text in texts if not {*",:>"} & {*text}]
    blends = [_blend(text) for text in texts if text not in plain]
    if len(blends) > 1:
        raise UserError("Only one --style can mix two styles.")
    return Styles(tuple(plain), *blends)


def _blend(text: str) -> Blend:
    if ">" in text:
        names = [name.strip() for name in text.split(">")]
        if len(names) == 2 and all(names) and not {*",:"} & {*text}:
            return Blend(names[0], names[1], share=0, toward=1)
        raise UserError(f"{text!r} is no way from a style to another; write bach>chopin.")
    parts = [part.strip().rpartition(":") for part in text.split(",")]
    weights = [_weight(weight) for _, _, weight in parts]
    names = [name.strip() for name, _, _ in parts]
    if len(parts) != 2 or not all(names) or not sum(weights) > 0:
        raise UserError(f"{text!r} is no mix of two styles; write chopin:0.7,hymn:0.3.")
    return Blend(names[0], names[1], share=weights[1] / sum(weights))


def _weight(text: str) -> float:
    """A weight of 0 or more; none at all, which no sum makes up for, if it is no such number."""
    try:
        weight = float(text)
    except ValueError:
        return -math.inf
    return weight if 0 <= weight < math.inf else -math.inf
