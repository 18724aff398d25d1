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

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from . import vocabulary as vocab
from .cache import Cache
from .constraints import Rules
from .model import Model
from .notes import TICKS_PER_BEAT, Event, Note
from .protocol import Answer, Open
from .sampling import Floats, Mask, draw
from .tokens import Cursor, Grid, Row
from .transcript import Entry, Transcript

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
        self._cache = Cache(self._slot, model.shape.window)
        grid = Grid(0, vocab.bar_ticks(*opened.metre)) if opened.metre else None
        self.transcript = Transcript(_prefix(model, opened), grid)
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
        if playing is None:
            return self._cache.fed < len(self.transcript.rows)
        ahead = self._horizon is not None and playing.tick > self._position + self._horizon
        return not (playing.begun and ahead)

    def hear(self, events: Iterable[Event]) -> None:
        """Take what the player did. An answer being made ends; its notes stay until rewound."""
        self._playing = None
        self._cache.changed(self.transcript.hear(events))

    def rewind(self, tick: int) -> None:
        """Forget every note struck at or after `tick`."""
        self._playing = None
        self._cache.changed(self.transcript.rewind(tick))

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
        if not self.transcript.entries:
            self.transcript.start()
            first = 0
        else:
            first = self.transcript.tick + 1
        self._playing = Playing(request, max(request.start, first), rules, self._opened)

    def step(self) -> Progress:
        """Do the next bit of work: at most one call of the model."""
        rows = self.transcript.rows
        playing = self._playing
        if playing is None:
            self._cache.move(len(rows))
            self._cache.advance(rows, len(rows))
        elif not playing.begun:
            self._settle(playing)
        elif self._cache.advance(rows, len(rows)):
            return self._draw(playing)
        return Progress([])

    def logits(self) -> list[float]:
        """Logits after everything in the transcript; feeds what is missing. For tests and tools."""
        rows = self.transcript.rows
        self._cache.move(len(rows))
        while not self._cache.advance(rows, len(rows)):
            pass
        return [float(x) for x in self._slot.logits[0]]

    def _settle(self, playing: Playing) -> None:
        """Give the first open note a length that reaches the answer; when none is left, begin."""
        waiting = self.transcript.open_entries()
        if not waiting:
            self._begin(playing)
            return
        entry = waiting[0]
        lasted = playing.start - entry.note.onset
        likeliest = self._likeliest_length(entry, playing.rules.lengths(least=lasted))
        if likeliest is not None:
            self._cache.changed(self.transcript.settle(entry, max(lasted, likeliest)))

    def _likeliest_length(self, entry: Entry, allowed: Mask) -> int | None:
        """Ticks, or None if rows must be fed before the model can say."""
        rows, at = self.transcript.rows, self.transcript.row_of(entry)
        self._cache.move(len(rows))
        if not vocab.needs_length(rows[at].token) or at < self._cache.base:
            # Nobody hears how long a drum lasts, and what is out of reach the model cannot weigh.
            return entry.note.length
        if not self._cache.advance(rows, at + 1):
            return None
        return vocab.ticks_of(int(np.where(allowed, self._slot.logits[0], -np.inf).argmax()))

    def _begin(self, playing: Playing) -> None:
        """All lengths are known: stand behind the last note, ready to draw.

        From here on what the cache holds moves only when the slot is full: moving costs time.
        """
        self._cache.changed(self.transcript.trim())
        self._cache.move(len(self.transcript.rows))
        playing.begin(self.transcript)

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
        self._cache.advance(self.transcript.rows, len(self.transcript.rows))
        return Progress(notes)


class Playing:
    """An answer in the making: what may come next, and the draw."""

    def __init__(self, request: Answer, start: int, rules: Rules, opened: Open) -> None:
        self.request, self.start, self.rules, self._feel = request, start, rules, opened.feel
        self._random = np.random.Generator(np.random.PCG64([opened.seed, request.start]))
        self.begun = False
        self.cursor = Cursor()
        self._last: int | None = None
        self._rest = 0
        self._lead = 0
        self._length_due = False
        self._sounding: list[Note] = []
        self._struck: deque[int] = deque(maxlen=rules.density)

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
        known = self.start - (0 if self.request.prompt else vocab.TIMES[-1])
        transcript.rest_until(known, self.cursor)
        self._lead = max(0, self.start - self.tick)
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
            self._struck.append(self.tick)
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
        full = len(self._struck) == self.rules.density
        crowded = full and self.tick - self._struck[0] < TICKS_PER_BEAT
        return self.rules.events(
            self._sounding, self._last, self._rest,
            crowded=crowded and not first,
            may_wait=not first,
            may_end=self.request.may_end and not first,
        )  # fmt: skip

    def _drop_ended(self) -> None:
        self._sounding = [note for note in self._sounding if note.end > self.tick]


def _prefix(model: Model, opened: Open) -> list[Row]:
    vocabulary = model.vocabulary
    ids = [vocabulary.style_id(name) for name in opened.styles]
    ids += [vocab.WITH + i for i in sorted(opened.constraints.instruments)]
    if opened.bpm is not None:
        ids.append(vocab.tempo_id(opened.bpm))
    if opened.metre is not None:
        ids.append(vocab.metre_id(*opened.metre))
    return [Row(i) for i in ids]
