"""Whole answers drawn from logits that never change: what the rules alone make of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import Note
from antiphon.engine.playing import Playing
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.sampling import Floats
from antiphon.engine.tokens import Decoder

FLAT: Floats = np.zeros(vocab.STYLE, np.float32)
"""A model that knows nothing: every token is as likely."""


def drawn(
    request: Answer,
    opened: Open,
    logits: Floats = FLAT,
    before: Sequence[Note] = (),
    struck_next: dict[tuple[int, int], int] | None = None,
) -> tuple[list[Note], str]:
    """The notes of an answer and why it is over; `before` is what sounds when it begins."""
    playing = Playing(request, request.start, opened, logits.size, struck_next)
    playing.cursor.tick = request.start
    playing.begin(playing.cursor, before)
    decoder = Decoder(request.start)
    notes: list[Note] = []
    while not playing.late:
        token, velocity = playing.next(logits, level)
        if reason := playing.over(token):
            return notes, reason
        row = playing.cursor.advance(token, velocity)
        done = decoder.push(row.token, row.velocity)
        playing.took(token, done)
        notes += done
    return notes, "until"


def level(note: int) -> Floats:
    """Any velocity is as likely."""
    return np.zeros(vocab.VELOCITY_BINS, np.float32)
