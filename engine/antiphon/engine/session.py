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
from copy import copy

import numpy as np
from msgspec.structs import replace

from . import excerpt
from . import vocabulary as vocab
from .cache import Cache
from .copies import Follower
from .infill import Infilling
from .labels import Labels
from .model import Model
from .motif import Motif
from .notes import FREE_TEMPO_BPM, TICKS_PER_BEAT, Event, Note, without_overlaps
from .playing import Playing
from .playing import Progress as Progress
from .protocol import Answer, Infill, Open
from .sampling import Mask
from .slots import TAPE, Slot
from .tokens import MAX_REST, Grid, Row, Whole, encode
from .transcript import Entry, Transcript

SEED_STEP = 0x9E37_79B9_7F4A_7C15
"""Between the seeds of takes: the golden ratio's, so that no two sessions' takes fall together."""
EXAMPLE_ROWS = 600
"""Most rows of music that a style is taken from."""


class Session:
    """One conversation in one slot of the cache. [inference thread]

    UserError if a style is unknown.
    """

    def __init__(self, model: Model, opened: Open) -> None:
        self._model = model
        self._opened = opened
        self._cache = Cache(model.slot(), model.shape, opened.seed)
        self._motif = Motif()
        self._grid = Grid(0, vocab.bar_ticks(*opened.metre)) if opened.metre else None
        self._labels = Labels(model.vocabulary, opened)
        labels = self._labels.at(0, opened.constraints.instruments)
        self.transcript = Transcript(labels, self._grid, _example(opened.example, self._grid))
        self._playing: Playing | None = None
        self._infilling: Infilling | None = None
        self._follower: Follower | None = None
        self._position = 0
        self._horizon: int | None = None
        self.take = 0
        """Which variant of its answers it draws; 0 is what it draws if nobody asks for takes."""
        self.tokens = 0
        """Tokens drawn so far."""

    def fork(self, take: int = 0) -> Session:
        """The same conversation, going its own way from here, drawing as its `take`-th variant.

        An answer being made is left out. InternalError if no place is free.
        """
        other = copy(self)
        other._cache, other._motif = self._cache.fork(), self._motif.fork()
        other.transcript, other.take = self.transcript.fork(), take
        other._playing = other._infilling = None
        return other

    @property
    def _drawing(self) -> Open:
        """What answers are drawn by: takes but the first have seeds of their own."""
        if not self.take:
            return self._opened
        seed = (self._opened.seed + self.take * SEED_STEP) % 2**63
        return replace(self._opened, seed=seed)

    @property
    def answering(self) -> bool:
        """Whether an answer is being made, or a gap filled."""
        return self._playing is not None or self._infilling is not None

    @property
    def behind(self) -> int:
        """Rows that were heard and are not fed yet."""
        rows, fed = len(self.transcript.rows), self._cache.fed
        # What was rewound to before the first row held is to be fed anew.
        return rows - fed if fed <= rows else rows

    @property
    def music_left_ms(self) -> float:
        """What was made and, as far as is known, has not sounded yet; 0 if nothing is being made.

        Who does not say where the play head is counts from where the answer began.
        """
        playing = self._infilling.playing if self._infilling else self._playing
        if playing is None:
            return 0.0
        heard = playing.start if self._horizon is None else self._position
        left = max(playing.tick, playing.start) - heard
        return left * 60_000 / (TICKS_PER_BEAT * (self._opened.bpm or FREE_TEMPO_BPM))

    @property
    def has_work(self) -> bool:
        """Whether `step` would do anything now."""
        if self._infilling is not None:
            return True
        playing = self._playing
        if playing is None:
            return self.behind > 0
        ahead = self._horizon is not None and playing.tick > self._position + self._horizon
        return not (playing.begun and ahead)

    @property
    def foresees(self) -> bool:
        """Whether something can be fed now that need not be fed later, when it is waited for."""
        return self._infilling is None and self._cache.foresees(len(self.transcript.rows))

    @property
    def moves_in(self) -> int:
        """Rows that are heard or drawn before what it foresees is waited for."""
        return self._cache.moves_in(len(self.transcript.rows))

    def look_ahead(self) -> Progress:
        """Feed a chunk of what it `foresees`."""
        self._cache.look_ahead(self.transcript.rows)
        return Progress([])

    def hear(self, events: Iterable[Event]) -> None:
        """Take what the player did. An answer being made ends; its notes stay until rewound."""
        self.cancel()
        self._forget()
        self._changed(self.transcript.hear(events))

    def rewind(self, tick: int, keeps_ends: bool = False) -> None:
        """Forget every note struck at or after `tick`; the model's before it end there at last.

        Unless they keep their ends.
        """
        self.cancel()
        self._changed(self.transcript.rewind(tick, keeps_ends))

    def _following(self, after: Sequence[Note] = ()) -> Follower | None:
        """Who says whether the next answer copies; None if the bundle has no index."""
        if self._model.copies is None:
            return None
        example, transcript = self._opened.example, self.transcript
        return Follower(self._model.copies, lambda: (*example, *transcript.heard(), *after))

    def _forget(self) -> None:
        """Let go of music so old that nothing depends on it, so that no session grows for ever."""
        rows = self._cache.spare(len(self.transcript.rows))
        if rows:
            self._motif.follow(self.transcript.rows, rows)  # what it has not heard yet
            self.transcript.forget(rows)
            self._cache.forget(rows)
            self._motif.forget(rows)

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
        playing = Playing(request, start, self._drawing, self._model.shape.vocabulary)
        self._playing, self._follower = playing, self._following()
        if not transcript.entries and not self._opened.example:
            self._changed(transcript.start(self._labels_of(playing)))
        origin = transcript.began if transcript.entries else start
        ends = request.ends
        whole = Whole(origin, max(1, ends - origin)) if ends is not None else None
        self._changed(transcript.place(whole))

    @property
    def can_infill(self) -> bool:
        """Whether there is a place for the rows of a gap; one that is being filled is given up."""
        return self._infilling is not None or self._model.pool.free > 0

    def infill(self, request: Infill) -> None:
        """Begin to fill a gap; `step` does it. What was heard stays as it is."""
        self.cancel()
        self._horizon = None
        constraints = request.constraints or self._opened.constraints
        labels = self._labels.at(0, constraints.instruments)
        heard = self.transcript.notes()
        self._follower = self._following(request.after)
        self._infilling = Infilling(self._model, self._opened, request, heard, labels, self._grid)

    @property
    def ready(self) -> bool:
        """Whether the next thing to do is to draw."""
        if self._infilling is not None:
            return self._infilling.ready
        playing, rows = self._playing, self.transcript.rows
        return playing is not None and playing.begun and self._cache.current == len(rows)

    def draw(self) -> Progress:
        """Draw a token; then `waiting` must be fed before the next one. Never calls the model."""
        return self._noted(self._infilling.draw() if self._infilling else self._draw())

    @property
    def waiting(self) -> tuple[Slot, Row] | None:
        """What a decode has to feed so that the session is ready again; None if that is not all."""
        if self._infilling is not None:
            return self._infilling.cache.next(self._infilling.rows)
        playing = self._playing
        if playing is None or not playing.begun:
            return None
        return self._cache.next(self.transcript.rows)

    def decoded(self) -> None:
        """What was `waiting` is fed."""
        (self._infilling.cache if self._infilling else self._cache).decoded()

    def step(self) -> Progress:
        """Do the next bit of work alone: at most one call of the model."""
        progress = self.draw() if self.ready else self.prepare()
        if waiting := self.waiting:
            slot, row = waiting
            slot.decode(row)
            self.decoded()
        return progress

    def prepare(self) -> Progress:
        """Feed a chunk, or find the next thing to do; nothing is drawn."""
        return self._noted(self._prepare())

    def _noted(self, progress: Progress) -> Progress:
        self.tokens += progress.drawn
        if self._follower and progress.notes:
            progress = progress._replace(copied=self._follower.hear(progress.notes))
        if progress.reason:
            self.cancel()
        return progress

    def logits(self) -> list[float]:
        """Logits after everything in the transcript; feeds what is missing. For tests and tools."""
        rows = self.transcript.rows
        self._cache.move(len(rows))
        while not self._cache.advance(rows, len(rows)):
            pass
        return [float(x) for x in self._cache.slot.logits]

    def _prepare(self) -> Progress:
        if self._infilling is not None:
            return self._infilling.prepare()
        rows = self.transcript.rows
        playing = self._playing
        if playing is None:
            self._cache.move(len(rows))
            self._cache.advance(rows, len(rows))
            self._motif.follow(rows, self._cache.fed)
        elif not playing.begun:
            self._settle(playing)
        else:
            self._forget()
            self._cache.advance(rows, len(rows))
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
        far = at < self._cache.base or len(rows) - at > TAPE
        if not vocab.needs_length(rows[at].token) or far:
            # Nobody hears how long a drum lasts, and what is out of reach the model cannot weigh.
            return entry.note.length
        if not self._cache.advance(rows, at + 1):
            return None
        return vocab.ticks_of(int(np.where(allowed, self._cache.slot.logits, -np.inf).argmax()))

    def _begin(self, playing: Playing) -> None:
        """All lengths are known: stand behind the last note, ready to draw.

        From here on what the cache holds moves only when the slot is full: moving costs time.
        """
        transcript = self.transcript
        self._changed(transcript.trim())
        self._cache.move(len(transcript.rows))
        cursor = transcript.begin_playing(playing.start)
        transcript.rest_until(playing.rests_until, cursor)
        playing.begin(cursor, transcript.sounding(cursor.tick))
        if playing.request.prompt:
            self._tell_labels(playing)

    def _draw(self) -> Progress:
        playing, rows = self._playing, self.transcript.rows
        assert playing is not None
        if playing.late:
            return Progress([], "until")
        self._motif.follow(rows, len(rows))
        slot = self._cache.slot
        logits = self._motif.favoured(slot.logits, playing.echo)
        token, velocity = playing.next(logits, slot.velocity_logits)
        reason = playing.over(token)
        if reason:
            return Progress([], reason, 1)
        if playing.begins_moment(token) and self._tell_labels(playing):
            playing.told()
            return Progress([])
        notes = self.transcript.play(playing.cursor.advance(token, velocity))
        playing.took(token, notes)
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
