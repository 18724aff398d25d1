"""What came next the last time: a session's own music, remembered and expected to come back.

The memory follows one earlier passage, the thread, token by token. How long the thread has been
right says how far it is trusted, and what it leads to next is favoured by that. Notes are kept as
steps from the note before of their instrument, so a motif is known again in another key.

    earlier   …  C  E  G  C  …               C: what followed then
    now                   …  D  F# A ▸D◂     the same step up from here

Pure, and exact: after any `rewind` it is as if what was forgotten had never been.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from . import vocabulary as vocab
from .notes import DRUMS, INSTRUMENTS
from .sampling import Floats
from .tokens import Row

ORDER = 6
"""Tokens that must be alike for an earlier passage to be taken up."""
SCALE, POWER, MOST_ODDS = 10.5, 1.85, 19.0
"""A thread trusted t stands (t / SCALE) ** POWER to one against the network, at most MOST_ODDS.

The first two were learnt (`export/release/motif_weights.py`). The last costs nothing, and an
answer can leave what it repeats.
"""
NEAR = 4
"""Trust ends at the distance over this: what goes round in small circles is not sure to go on."""
LASTING = 4
"""One token that differs leaves a thread this part of its run."""
LOUDEST = 4
"""Echo scales the odds by (2 · echo) to this power: 16 times at 1, as learnt at a half."""
REACH = 8192
"""Tokens of music back that a passage is found: some 3,300 notes."""
UNDO = 2048
"""Rows that `rewind` takes back one by one."""

_HELD = REACH + UNDO
_STEPS = 256
_BITS = 13
_SYMBOL = (1 << _BITS) - 1
_GRAM = (1 << _BITS * ORDER) - 1
_FIRST_PITCH = 60
_NOWHERE = -(2**62)
"""No place, further back than any reach."""


class Expected(NamedTuple):
    """What the thread leads to."""

    token: int
    trust: float
    """In tokens: how long it has been right, so far as its distance lets that count. Above 0."""


class _Step(NamedTuple):
    """What a token of music changed."""

    thread: int
    run: int
    latest: int
    """Where the passage before it was last followed by something."""
    instrument: int
    pitch: int


class Motif:
    """The memory of one session. Told every row; labels and marks are told but not remembered.

    A token costs the same however much was heard, and memory stays below 3 MB.
    """

    def __init__(self) -> None:
        self._forget()

    def _forget(self) -> None:
        self._n_rows = self._n = 0
        self._grams = [0] * _HELD
        """The last `ORDER` symbols up to each place, as one number; a ring."""
        self._latest: dict[int, int] = {}
        """The place behind the latest passage of each kind."""
        self._pitches = [_FIRST_PITCH] * len(INSTRUMENTS)
        self._gram = 0
        self._thread = _NOWHERE
        self._run = 0
        self._log: deque[_Step | None] = deque(maxlen=UNDO)

    def fork(self) -> Motif:
        """The same memory, going its own way from here."""
        other = copy(self)
        other._grams, other._latest = self._grams[:], dict(self._latest)
        other._pitches, other._log = self._pitches[:], self._log.copy()
        return other

    def __len__(self) -> int:
        """Rows told."""
        return self._n_rows

    def follow(self, rows: Sequence[Row], end: int) -> None:
        """Hear a transcript's rows up to index `end`, those that were told already left out."""
        for row in rows[len(self) : end]:
            self.append(row.token)

    def append(self, token: int) -> None:
        """Hear one more row."""
        self._n_rows += 1
        if not vocab.WAIT <= token < vocab.STYLE:
            self._log.append(None)
            return
        instrument, pitch = vocab.instrument_pitch(token) if token >= vocab.NOTE else (DRUMS, 0)
        latest = self._latest.get(self._gram, _NOWHERE)
        before = self._pitches[instrument]
        self._log.append(_Step(self._thread, self._run, latest, instrument, before))
        self._remember(token if token < vocab.NOTE else _note_symbol(instrument, pitch - before))
        if instrument != DRUMS:
            self._pitches[instrument] = pitch

    def rewind(self, rows: int) -> None:
        """Forget all but the first so many rows; nothing if no more were told.

        Further back than `UNDO` rows everything is forgotten: `len` is then 0, and `follow` hears
        the rows again.
        """
        if self._n_rows - rows > len(self._log):
            self._forget()
        while self._n_rows > rows:
            self._n_rows -= 1
            step = self._log.pop()
            if step is not None:
                self._take_back(step)

    def forget(self, rows: int) -> None:
        """The first so many rows are no longer counted; what they told is still remembered."""
        self._n_rows -= rows

    def expected(self) -> Expected | None:
        """The token that the thread leads to; None if there is none or it is not trusted."""
        if not self._run:
            return None
        token = self._token(self._grams[self._thread % _HELD] & _SYMBOL)
        distance = self._n - self._thread
        return None if token is None else Expected(token, min(self._run, distance / NEAR))

    def favoured(self, logits: Floats, echo: float) -> Floats:
        """Logits (V,) with what is expected made likelier; those given are left alone.

        In probabilities it is (1 - w) · network + w · expected, with w / (1 - w) the odds. `echo`
        is 0 (nothing is done) to 1.
        """
        expected = self.expected() if echo > 0 else None
        if expected is None:
            return logits
        shifted: Floats = logits - logits.max()
        extra = odds(expected.trust, echo) * float(np.exp(shifted).sum())
        shifted[expected.token] = math.log(math.exp(shifted[expected.token]) + extra)
        return shifted

    def _remember(self, symbol: int) -> None:
        thread, run, here = self._thread, self._run, self._n
        if thread != _NOWHERE:
            right = self._grams[thread % _HELD] & _SYMBOL == symbol
            run = run + 1 if right else run // LASTING
            thread += 1
        self._latest[self._gram] = here
        self._gram = (self._gram << _BITS | symbol) & _GRAM
        self._make_room(here)
        self._grams[here % _HELD] = self._gram
        self._n = here + 1
        if run < ORDER:
            found = self._latest.get(self._gram, _NOWHERE)
            if found > here - REACH:
                thread, run = found, ORDER
        self._thread, self._run = thread, run

    def _make_room(self, here: int) -> None:
        """Let go of the place whose passage is about to be overwritten."""
        gone = self._grams[here % _HELD]
        if self._latest.get(gone) == here - _HELD + 1:
            del self._latest[gone]

    def _take_back(self, step: _Step) -> None:
        self._n -= 1
        self._gram = self._grams[(self._n - 1) % _HELD]
        if step.latest > self._n - REACH:
            self._latest[self._gram] = step.latest
        else:
            del self._latest[self._gram]
        self._thread, self._run = step.thread, step.run
        self._pitches[step.instrument] = step.pitch

    def _token(self, symbol: int) -> int | None:
        """The token that a symbol means here, None if its pitch lies beyond the keys."""
        if symbol < vocab.NOTE:
            return symbol
        instrument, step = divmod(symbol - vocab.NOTE, _STEPS)
        pitch = self._pitches[instrument] + step - _STEPS // 2
        return vocab.note_id(instrument, pitch) if 0 <= pitch < 128 else None


def odds(trust: float, echo: float) -> float:
    """What a thread stands to one against the network."""
    return float(min((trust / SCALE) ** POWER, MOST_ODDS) * (2 * echo) ** LOUDEST)


def _note_symbol(instrument: int, step: int) -> int:
    return vocab.NOTE + _STEPS * instrument + step + _STEPS // 2
