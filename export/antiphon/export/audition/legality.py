"""What the model would do if no rule kept it from it: its probability of impossible tokens."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.constraints import Rules
from antiphon.engine.model import Model
from antiphon.engine.notes import TICKS_PER_BEAT, Note, shortened
from antiphon.engine.sampling import Mask, probabilities
from antiphon.engine.tokens import Decoder, Row, encode
from antiphon.engine.wishes import Constraints

GRAMMAR = Constraints(polyphony=64, density=4 * TICKS_PER_BEAT)
"""No wishes: what is left is what every stream of tokens must obey."""


def illegal_mass(model: Model, notes: list[Note]) -> float:
    """Mean probability of illegal tokens after each row of some real music of at least two notes.

    A label, a length where none is due or none where one is, a key that still sounds, or a chord
    out of order is illegal. No labels are told; the music fits into one slot.
    """
    rows = encode(notes, notes[0].onset)
    slot, grammar, masses = model.slot(), Grammar(model.shape.vocabulary), []
    for row, _ in pairwise(rows):
        slot.decode(row)
        masses.append(float(probabilities(slot.logits)[~grammar.legal_after(row)].sum()))
    return float(np.mean(masses))


class Grammar:
    """Which tokens may follow the rows so far."""

    def __init__(self, size: int) -> None:
        self._rules, self._decoder = Rules(size, GRAMMAR), Decoder()
        self._sounding: list[Note] = []
        self._last: int | None = None

    def legal_after(self, row: Row) -> Mask:
        """Take the next row; the mask (V,) is valid until the next call."""
        self._sounding += map(_at_least, self._decoder.push(row.token, row.velocity))
        if vocab.is_wait(row.token):
            self._last = None
            self._sounding = [n for n in self._sounding if n.end > self._decoder.tick]
        elif vocab.is_note(row.token):
            self._last = row.token
        if self._decoder.mid_note:
            return self._rules.lengths()
        return self._rules.events(self._sounding, self._last, may_end=True)


def _at_least(note: Note) -> Note:
    """The note as short as it may have been: long lengths are told to the nearest step only."""
    return shortened(note, note.onset + _LEAST[vocab.length_id(note.length)])


_LEAST = {vocab.length_id(ticks): ticks for ticks in range(vocab.TIMES[-1], 0, -1)}
"""Of each length the fewest ticks that it stands for."""
