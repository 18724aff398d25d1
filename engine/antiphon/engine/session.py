"""One musical conversation on the engine's side: what was heard, fed, and is being answered.

A session does its work in steps, each at most one call of the model, so that a loop can serve many.
Listening feeds what the player did while it is played; an answer is drawn token by token on top of
it; rewinding is forgetting. Knows nothing of sockets, threads or the time of day.

    ┌────────┐ answer   ┌─────────┐ all settled ┌─────────┐
    │ listen │ ───────▶ │ settle  │ ──────────▶ │  play   │──▶ done: until, end
    └────────┘ ◀─────── └─────────┘             └─────────┘
         ▲     hear, rewind, cancel                  │
         └───────────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from . import vocabulary as vocab
from .constraints import Rules
from .model import CHUNK, Model
from .notes import Event, Note
from .protocol import Answer, Open
from .sampling import Floats, Mask, draw
from .tokens import Cursor, Grid, Row
from .transcript import Transcript

STRIDE = 512
"""Rows by which the start of the cache moves when a session outgrows its window."""


VelocityLogits = Callable[[int], Floats]


class Progress(NamedTuple):
    """What one step brought."""

    notes: list[Note]
    """Notes completed, in order of onset."""
    reason: str | None = None
    """Why the answer is over, if it is."""


class Session:
    """One conversation in one slot of the cache. [inference thread]"""

    def __init__(self, model: Model, opened: Open) -> None:
        self._model = model
        self._opened = opened
        self._slot = model.slot()
        grid = Grid(0, vocab.bar_ticks(*opened.metre)) if opened.metre else None
        self.transcript = Transcript(_prefix(model, opened), grid)
        self._fed = 0
        self._base = 0
        self._current = 0
        self._playing: Playing | None = None
        self._position = 0
        self._horizon: int | None = None
        self.tokens = 0
        """Tokens drawn so far."""

    @property
    def answering(self) -> bool:
        """Whether an answer is being made."""
        return self._playing is not None

    @property
    def has_work(self) -> bool:
        """Whether `step` would do anything now."""
        playing = self._playing
        if playing is None or not playing.begun:
            return playing is not None or self._fed < len(self.transcript.rows)
        ahead = self._horizon is not None and playing.tick > self._position + self._horizon
        return not ahead

    def hear(self, events: Iterable[Event]) -> None:
        """Take what the player did. An answer being made ends; its notes stay until rewound."""
        self._playing = None
        self._forget(self.transcript.hear(events))

    def rewind(self, tick: int) -> None:
        """Forget every note struck at or after `tick`."""
        self._playing = None
        self._forget(self.transcript.rewind(tick))

    def cancel(self) -> None:
        """Give up the answer being made."""
        self._playing = None

    def heard(self, position: int, horizon: int) -> None:
        """Play ahead of `position` by at most `horizon` ticks."""
        self._position, self._horizon = position, horizon

    def answer(self, request: Answer) -> None:
        """Begin an answer; `step` makes it."""
        self._horizon = None
        constraints = request.constraints or self._opened.constraints
        rules = Rules(self._model.shape.vocabulary, constraints)
        self._playing = Playing(request, rules, self._opened)
        if not self.transcript.entries:
            self.transcript.start()

    def step(self) -> Progress:
        """Do the next bit of work: at most one call of the model."""
        playing = self._playing
        if playing is None:
            self._feed_towards(len(self.transcript.rows))
            return Progress([])
        if not playing.begun:
            self._settle(playing)
            return Progress([])
        if self._current != len(self.transcript.rows):
            self._feed_towards(len(self.transcript.rows))
            return Progress([])
        return self._draw(playing)

    def logits(self) -> list[float]:
        """Logits after everything in the transcript; feeds what is missing. For tests and tools."""
        while self._current != len(self.transcript.rows):
            self._feed_towards(len(self.transcript.rows))
        return [float(x) for x in self._slot.logits[0]]

    def _settle(self, playing: Playing) -> None:
        """Give the first open note the likeliest length that reaches the answer; then begin."""
        waiting = self.transcript.open_entries()
        if not waiting:
            playing.begin(self.transcript)
            return
        entry = waiting[0]
        at = self.transcript.row_of(entry)
        if vocab.needs_length(self.transcript.rows[at].token):
            self._forget(at)
            if not self._feed_towards(at + 1):
                return
            lasted = playing.request.start - entry.note.onset
            allowed = playing.rules.lengths(least=lasted)
            best = int(np.where(allowed, self._slot.logits[0], -np.inf).argmax())
            changed = self.transcript.settle(entry, max(lasted, vocab.ticks_of(best)))
        else:
            changed = self.transcript.settle(entry, entry.note.length)
        self._forget(changed)

    def _draw(self, playing: Playing) -> Progress:
        token, velocity = playing.next(self._slot.logits[0], self._slot.velocity_logits)
        self.tokens += 1
        if token == vocab.END or (
            vocab.is_wait(token) and playing.tick + vocab.ticks_of(token) >= playing.request.until
        ):
            self._playing = None
            return Progress([], "end" if token == vocab.END else "until")
        notes = self.transcript.play(playing.cursor.advance(token, velocity))
        playing.took(token, notes)
        self._feed_towards(len(self.transcript.rows))
        return Progress(notes)

    def _forget(self, row: int) -> None:
        """Rows from `row` on have changed."""
        self._fed = min(self._fed, row)
        if row < self._current:
            self._current = 0

    def _feed_towards(self, end: int) -> bool:
        """Feed at most one chunk of the rows up to index `end`; whether all of them are in.

        The logits then speak of the row at `_current`. When the cache already reaches `end`, its
        last row is fed once more for them.
        """
        self._rebase()
        if self._current != end:
            self._fed = min(self._fed, end - 1)
        self._slot.rewind(min(self._slot.length, self._fed - self._base))
        upto = min(end, self._fed + CHUNK)
        if upto > self._fed:
            self._slot.feed(self.transcript.rows[self._fed : upto])
            self._fed = self._current = upto
        return self._current == end

    def _rebase(self) -> None:
        """Choose the first row the cache holds, by the number of rows alone.

        So a session that rewound and one that never strayed hold the same cache. While an answer
        is made the base moves only when the slot is full.
        """
        base = base_of(len(self.transcript.rows), self._model.shape.window)
        full = self._slot.length + CHUNK > self._slot.context
        if base != self._base and (self._playing is None or full or base < self._base):
            self._base = self._fed = base
            self._slot.rewind(0)
        self._fed = max(self._fed, self._base)


class Playing:
    """An answer in the making: what may come next, and the draw."""

    def __init__(self, request: Answer, rules: Rules, opened: Open) -> None:
        self.request, self.rules, self._feel = request, rules, opened.feel
        self._random = np.random.Generator(np.random.PCG64([opened.seed, request.start]))
        self.begun = False
        self.cursor = Cursor()
        self._last: int | None = None
        self._rest = 0
        self._lead = 0
        self._length_due = False
        self._sounding: list[Note] = []

    @property
    def tick(self) -> int:
        """Tick of the moment reached."""
        return self.cursor.tick

    def begin(self, transcript: Transcript) -> None:
        """Stand behind the last note of the transcript, ready to draw."""
        self.cursor = transcript.begin_playing()
        self.begun = True
        self._sounding = [n for n in transcript.notes() if n.end > self.tick]
        # What one wait can say is left to the model, unless it is to begin on the spot.
        known = self.request.start - (0 if self.request.prompt else vocab.TIMES[-1])
        transcript.rest_until(known, self.cursor)
        self._lead = max(0, self.request.start - self.tick)
        self._drop_ended()

    def next(self, logits: Floats, velocity_logits: VelocityLogits) -> tuple[int, int]:
        """Draw a token and the value of its velocity column."""
        if self._length_due:
            return self._drawn(logits, self.rules.lengths()), 0
        if self._lead:
            return self._drawn(logits, self.rules.waits(self._lead)), 0
        token = self._drawn(logits, self._events())
        if not vocab.is_note(token):
            return token, 0
        return token, 1 + draw(velocity_logits(token), self._feel, self._random.random())

    def took(self, token: int, notes: Sequence[Note]) -> None:
        """Note that `token` was appended and completed `notes`."""
        self._length_due = vocab.needs_length(token)
        self._sounding += notes
        if vocab.is_note(token):
            self._last, self._rest = token, 0
        elif vocab.is_wait(token):
            ticks = vocab.ticks_of(token)
            self._lead = max(0, self._lead - ticks)
            self._rest += ticks
            self._last = None
            self._drop_ended()

    def _drawn(self, logits: Floats, allowed: Mask) -> int:
        return draw(logits, self._feel, self._random.random(), allowed)

    def _events(self) -> Mask:
        first = self.request.prompt and self._rest == 0 and self._last is None
        return self.rules.events(
            self._sounding, self._last, self._rest,
            may_wait=not first, may_end=self.request.may_end and not first,
        )  # fmt: skip

    def _drop_ended(self) -> None:
        self._sounding = [note for note in self._sounding if note.end > self.tick]


def base_of(rows: int, window: int) -> int:
    """Index of the first row a cache should hold for a transcript of so many rows."""
    return 0 if rows < window + STRIDE else (rows - window) // STRIDE * STRIDE


def _prefix(model: Model, opened: Open) -> list[Row]:
    vocabulary = model.vocabulary
    ids = [vocabulary.style_id(name) for name in opened.styles]
    ids += [vocab.WITH + i for i in sorted(opened.constraints.instruments)]
    if opened.bpm is not None:
        ids.append(vocab.tempo_id(opened.bpm))
    if opened.metre is not None:
        ids.append(vocab.metre_id(*opened.metre))
    return [Row(i) for i in ids]
