"""Whether an answer follows music that was trained on, said note by note while it is made. Pure.

Of each two neighbours among the pitched notes a step is kept, in semitones and sixteenths, so a
copy is known in any key, a little early or late; drums are left out: a beat is nobody's. The
evaluation (`antiphon.export.audition.copying`) means the same by a copy.

A gram is some steps in a row, and the index has a bit for each gram of the training music. Nearly
half of its bits are set, so other grams seem to be known as well, but hardly ever many in a row:

    known?   no yes no no yes yes no yes yes yes yes yes yes …      17 in a row: `FEWEST` notes

A copy is never missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .errors import BundleRefused
from .notes import DRUMS, TICKS_PER_BEAT, Note

FEWEST = 32
"""Notes in a row that are told: up to there, what seems a copy may be chance."""
VARIED = 6
"""Different steps that so many notes must have: scales and repeated notes are nobody's."""

SIXTEENTH = TICKS_PER_BEAT // 4
LONGEST_WAIT = 31
"""Sixteenths; longer ones count as so many."""
GRAM = 15
"""Steps. Shorter grams meet in music that is new; of longer ones fewer tell of `FEWEST` notes."""

MULTIPLIER = 0x9E37_79B9_7F4A_7C15
"""Of the hash: odd, and so that what differs little comes to lie far apart."""
_WORD = 2**64 - 1
_GONE = pow(MULTIPLIER, GRAM + 1, 2**64)
"""What a step counts for when it leaves the gram."""


class Index(Struct, frozen=True, array_like=True, tag="copies-1"):
    """Which grams training music has. The tag changes when a step, a gram or a hash does."""

    bits: Annotated[bytes, Meta(min_length=1)]
    """N of them, the lowest of a byte first; h // 2**32 · N // 2**32 is the place of hash h."""

    @classmethod
    def read(cls, content: bytes) -> Index:
        """What `written` wrote; BundleRefused if it is damaged or of another kind."""
        try:
            return msgspec.msgpack.decode(content, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BundleRefused(f"The index of copies cannot be understood: {error}.") from None

    def written(self) -> bytes:
        """The index as bytes, for a file."""
        return msgspec.msgpack.encode(self)

    def holds(self, gram: int) -> bool:
        """Whether training music has the gram of a 64-bit hash, or seems to.

        The hash of steps a, b … y, z is z · m + y · m² …, with m the `MULTIPLIER`.
        """
        place = (gram >> 32) * (8 * len(self.bits)) >> 32
        return bool(self.bits[place >> 3] >> (place & 7) & 1)


class Follower:
    """Follows one answer from its first note on. A note costs the same however long the answer is.

    `own` tells what the player played, in order: a run that stands there is no theft. It is asked
    once at most, by what seems a copy.
    """

    def __init__(self, index: Index, own: Callable[[], Iterable[Note]] = tuple) -> None:
        self._index, self._own = index, own
        self._own_steps: str | None = None
        self._last: Note | None = None
        self._steps = ""
        """Those between the last `FEWEST` notes, a character each."""
        self._hash = 0
        self._known = 0
        """How many grams in a row, up to the last, the index holds."""
        self._copied = 0

    def hear(self, notes: Iterable[Note]) -> int:
        """Take the answer's next notes, in order of onset, instrument and pitch.

        Returns how many notes of training music in a row it has followed with the last of them; 0
        if fewer than `FEWEST`. What goes before a copy and behind it can seem to belong to it: it
        is told a few notes early, and counts a few too many.
        """
        for note in notes:
            if note.instrument == DRUMS:
                continue
            if self._last is not None:
                self._take(step(self._last, note))
            self._last = note
        return self._copied

    def _take(self, symbol: int) -> None:
        steps = self._steps + chr(symbol)
        gone = ord(steps[-1 - GRAM]) if len(steps) > GRAM else 0
        self._hash = ((self._hash + symbol) * MULTIPLIER - gone * _GONE) & _WORD
        self._steps = steps[1 - FEWEST :]
        known = len(steps) >= GRAM and self._index.holds(self._hash)
        self._known = self._known + 1 if known else 0
        notes = self._known + GRAM
        self._copied = notes if notes >= FEWEST and self._varied and not self._repeated else 0

    @property
    def _varied(self) -> bool:
        return len(set(self._steps)) >= VARIED

    @property
    def _repeated(self) -> bool:
        """Whether the player has played this; only asked of what seems a copy."""
        if self._own_steps is None:
            pitched = (note for note in self._own() if note.instrument != DRUMS)
            self._own_steps = "".join(chr(step(*pair)) for pair in pairwise(pitched))
        return self._steps in self._own_steps


def step(before: Note, after: Note) -> int:
    """From one pitched note to the next, as a number below 8192."""
    sixteenths = (after.onset - before.onset + SIXTEENTH // 2) // SIXTEENTH
    return 256 * min(sixteenths, LONGEST_WAIT) + after.pitch - before.pitch + 127
