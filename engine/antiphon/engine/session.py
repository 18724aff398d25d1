"""One musical conversation on the engine's side: what was heard, fed, and is being answered.

A session does its work in steps, each at most one call of the model, so that a loop can serve many.
Listening feeds what the player did while it is played; an answer is drawn token by token on top of
it; rewinding is forgetting. Knows nothing of sockets, threads or the time of day.

    ┌────────┐ answer   ┌─────────┐ all settled ┌─────────┐
    │ listen │ ───────▶ │ settle  │ ──────────▶ │  play   │──▶ done: until, end
    └────────┘ ◀─────── └─────────┘             └─────────┘
     │   ▲     hear, rewind, cancel                  │
     │   └───────────────────────────────────────────┘
     └─ infill ─▶ a gap is filled on rows of its own ──▶ done: until, end
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from . import excerpt
from . import vocabulary as vocab
from .cache import Cache
from .infill import Infilling
from .labels import Labels
from .model import Model
from .motif import Motif
from .notes import TICKS_PER_BEAT, Event, Note, without_overlaps
from .playing import Playing
from .playing import Progress as Progress
from .protocol import Answer, Infill, Open
from .sampling import Mask
from .tokens import MAX_REST, Grid, Row, Whole, encode
from .transcript import Entry, Transcript

EXAMPLE_ROWS = 600
"""Most rows of music that a style is taken from."""


class Session:
    """One conversation in one slot of the cache. [inference thread]

    UserError if a style is unknown.
    """

    def __init__(self, model: Model, opened: Open) -> None:
        self._model = model
        self._opened = opened
        self._slot = model.slot()
        self._cache = Cache(self._slot, model.shape.window)
        self._motif = Motif()
        self._grid = Grid(0, vocab.bar_ticks(*opened.metre)) if opened.metre else None
        self._labels = Labels(model.vocabulary, opened)
        labels = self._labels.at(0, opened.constraints.instruments)
        self.transcript = Transcript(labels, self._grid, _example(opened.example, self._grid))
        self._playing: Playing | None = None
        self._infilling: Infilling | None = None
        self._position = 0
        self._horizon: int | None = None
        self.tokens = 0
        """Tokens drawn so far."""

    @property
    def answering(self) -> bool:
        """Whether an answer is being made, or a gap filled."""
        return self._playing is not None or self._infilling is not None

    @property
    def has_work(self) -> bool:
        """Whether `step` would do anything now."""
        if self._infilling is not None:
            return True
        playing = self._playing
        if playing is None:
            return self._cache.fed < len(self.transcript.rows)
        ahead = self._horizon is not None and playing.tick > self._position + self._horizon
        return not (playing.begun and ahead)

    def hear(self, events: Iterable[Event]) -> None:
        """Take what the player did. An answer being made ends; its notes stay until rewound."""
        self.cancel()
        self._changed(self.transcript.hear(events))

    def rewind(self, tick: int) -> None:
        """Forget every note struck at or after `tick`."""
        self.cancel()
        self._changed(self.transcript.rewind(tick))

    def _changed(self, row: int) -> None:
        """Rows of the transcript from index `row` on are not what they were."""
        self._cache.changed(row)
        self._motif.rewind(row)

    def cancel(self) -> None:
        """Give up the answer being made."""
        self._playing = self._infilling = None

    def heard(self, position: int, horizon: int) -> None:
        """Play ahead of `position` by at most `horizon` ticks."""
        self._position, self._horizon = position, horizon

    def answer(self, request: Answer) -> None:
        """Begin an answer; `step` makes it."""
        self.cancel()
        self._horizon = None
        transcript = self.transcript
        first = transcript.tick + 1 if transcript.entries else 0
        start = max(request.start, first)
        playing = Playing(request, start, self._opened, self._model.shape.vocabulary)
        self._playing = playing
        if not transcript.entries and not self._opened.example:
            self._changed(transcript.start(self._labels_of(playing)))
        origin = transcript.origin if transcript.entries else start
        ends = request.ends
        whole = Whole(origin, max(1, ends - origin)) if ends is not None else None
        self._changed(transcript.place(whole))

    def infill(self, request: Infill) -> None:
        """Begin to fill a gap; `step` does it. What was heard stays as it is."""
        self.cancel()
        constraints = request.constraints or self._opened.constraints
        labels = self._labels.at(0, constraints.instruments)
        heard = self.transcript.notes()
        self._infilling = Infilling(self._model, self._opened, request, heard, labels, self._grid)

    def step(self) -> Progress:
        """Do the next bit of work: at most one call of the model."""
        progress = self._step()
        self.tokens += progress.drawn
        if progress.reason:
            self.cancel()
        return progress

    def logits(self) -> list[float]:
        """Logits after everything in the transcript; feeds what is missing. For tests and tools."""
        rows = self.transcript.rows
        self._cache.move(len(rows))
        while not self._cache.advance(rows, len(rows)):
            pass
        return [float(x) for x in self._slot.logits[0]]

    def _step(self) -> Progress:
        if self._infilling is not None:
            return self._infilling.step()
        rows = self.transcript.rows
        playing = self._playing
        if playing is None:
            self._cache.move(len(rows))
            self._cache.advance(rows, len(rows))
            self._motif.follow(rows, self._cache.fed)
        elif not playing.begun:
            self._settle(playing)
        elif playing.late:
            return Progress([], "until")
        elif self._cache.advance(rows, len(rows)):
            return self._draw(playing)
        return Progress([])

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
            self._changed(self.transcript.settle(entry, max(lasted, likeliest)))

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
        transcript = self.transcript
        self._changed(transcript.trim())
        self._cache.move(len(transcript.rows))
        cursor = transcript.begin_playing(playing.start)
        transcript.rest_until(playing.rests_until, cursor)
        playing.begin(cursor, transcript.notes())
        if playing.request.prompt:
            self._tell_labels(playing)

    def _draw(self, playing: Playing) -> Progress:
        rows = self.transcript.rows
        self._motif.follow(rows, len(rows))
        logits = self._motif.favoured(self._slot.logits[0], self._opened.feel.echo)
        token, velocity = playing.next(logits, self._slot.velocity_logits)
        reason = playing.over(token)
        if reason:
            return Progress([], reason, 1)
        if playing.begins_moment(token) and self._tell_labels(playing):
            playing.told()
            return Progress([])
        notes = self.transcript.play(playing.cursor.advance(token, velocity))
        playing.took(token, notes)
        self._cache.advance(self.transcript.rows, len(self.transcript.rows))
        return Progress(notes, drawn=1)

    def _tell_labels(self, playing: Playing) -> bool:
        """Tell the labels if they are due; whether they were."""
        labels = self._labels_of(playing)
        due = self.transcript.due(labels)
        if due:
            self.transcript.tell(labels)
        return due

    def _labels_of(self, playing: Playing) -> tuple[Row, ...]:
        return self._labels.at(playing.passed, playing.constraints.instruments)


def _example(notes: Sequence[Note], grid: Grid | None) -> list[Row]:
    """Rows of the end of an example, up to the end of its last bar; of its beat without bars."""
    near = excerpt.last(without_overlaps(notes), EXAMPLE_ROWS)
    if not near:
        return []
    unit = grid.bar if grid else TICKS_PER_BEAT
    rest = -(-max(note.end for note in near) // unit) * unit - near[-1].onset
    waits = [Row(wait) for wait in vocab.wait_ids(min(rest, MAX_REST))]
    return [*encode(near, near[0].onset, grid), *waits]
