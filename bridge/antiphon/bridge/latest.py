"""The last so many bars or seconds of a recording. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from antiphon.engine.errors import UserError

from .phrase_player import bar_of
from .recording import Recording


class Length(NamedTuple):
    """How much."""

    number: int
    unit: str
    """"bars" or "s"."""

    @classmethod
    def parse(cls, text: str) -> Length | None:
        """From "16bars" or "30s", None for "all"; UserError for anything else."""
        if text == "all":
            return None
        found = re.fullmatch(r"([1-9]\d{0,5}) ?(bars?|s)", text)
        if found is None:
            raise UserError(f"{text!r} is no length: say 16bars, 30s or all.")
        return cls(int(found[1]), "s" if found[2] == "s" else "bars")


def latest(recording: Recording, length: Length | None, metre: tuple[int, int]) -> Recording:
    """What begins within that length of the last note's end: whole bars, or so many seconds."""
    if length is None:
        return recording
    first, end = recording.first, recording.end
    if length.unit == "s":
        tempos, origin = recording.tempos, recording.origin
        from_ns = tempos.ns_at(end - origin) - length.number * 1_000_000_000
        return recording.since(max(tempos.tick_at(from_ns) + origin, first))
    bar = bar_of(metre)
    begin = recording.bar_line(end - 1, bar) - (length.number - 1) * bar
    return recording.since(recording.bar_line(max(begin, first), bar))
