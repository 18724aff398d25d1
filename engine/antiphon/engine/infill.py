"""The music of a gap in the making, on rows of its own: the session's transcript stays as it is.

The model is shown what comes before, then what comes after, and plays what lies between:

    labels  [start]  before  SUFFIX  wait… after  MIDDLE  wait… ▸drawn◂

Both waits are counted from the last moment before the gap, so the first tells how long it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from . import excerpt
from . import vocabulary as vocab
from .cache import Cache
from .model import Model
from .motif import Motif
from .notes import Note, shortened
from .playing import Playing, Progress
from .protocol import Answer, Infill, Open
from .tokens import MAX_REST, Cursor, Decoder, Grid, Row, encode

BEFORE, AFTER = 3 / 8, 1 / 4
"""Shares of the reach of attention that the music on either side may fill."""


class Infilling:
    """One gap, in a slot of its own. [inference thread]"""

    def __init__(
        self,
        model: Model,
        opened: Open,
        request: Infill,
        heard: Sequence[Note],
        labels: Sequence[Row],
        grid: Grid | None,
    ) -> None:
        before = [note for note in heard if note.onset < request.start]
        after = sorted(note for note in request.after if note.onset >= request.until)
        self._struck_next = {(n.instrument, n.pitch): n.onset for n in reversed(after)}
        self.cache = Cache(model.slot(), model.shape)
        self._motif = _remembered(after, before)
        here = before[-1].onset if before else request.start
        self.rows = [*labels, *_surroundings(before, after, here, grid, model.shape.window)]
        self._cursor, self._decoder = Cursor(here, grid), Decoder(here)
        size = model.shape.vocabulary
        self.playing = Playing(_as_answer(request), request.start, opened, size, self._struck_next)
        self._rest()
        self.playing.begin(self._cursor, before)

    @property
    def ready(self) -> bool:
        """Whether the next thing to do is to draw."""
        return self.cache.current == len(self.rows)

    def prepare(self) -> Progress:
        """Feed a chunk."""
        self.cache.advance(self.rows, len(self.rows))
        return Progress([])

    def _rest(self) -> None:
        """Wait for as long as there is nothing to draw."""
        for row in self._cursor.rest_until(self.playing.rests_until):
            self._append(row)
        self._decoder.tick = self._cursor.tick

    def draw(self) -> Progress:
        """Draw a token."""
        if self.playing.late:
            return Progress([], "until")
        slot = self.cache.slot
        logits = self._motif.favoured(slot.logits, self.playing.echo)
        token, velocity = self.playing.next(logits, slot.velocity_logits)
        reason = self.playing.over(token)
        if reason:
            return Progress([], reason, 1)
        row = self._cursor.advance(token, velocity)
        self._append(row)
        notes = [self._fitting(note) for note in self._decoder.push(row.token, row.velocity)]
        self.playing.took(token, notes)
        return Progress(notes, drawn=1)

    def _append(self, row: Row) -> None:
        self.rows.append(row)
        self._motif.append(row.token)

    def _fitting(self, note: Note) -> Note:
        """The note, over by the time its key is struck behind the gap."""
        limit = self._struck_next.get((note.instrument, note.pitch), note.end)
        return shortened(note, min(note.end, limit))


def _remembered(*passages: Sequence[Note]) -> Motif:
    """All the music around the gap, also what attention does not reach."""
    motif = Motif()
    for notes in passages:
        for row in encode(notes, notes[0].onset if notes else 0):
            motif.append(row.token)
    return motif


def _as_answer(request: Infill) -> Answer:
    """What the rules of an answer need to know of a gap."""
    return Answer(
        request.session, request.generation, request.start, request.until,
        may_end=True, constraints=request.constraints, feel=request.feel,
    )  # fmt: skip


def _surroundings(
    before: Sequence[Note], after: Sequence[Note], here: int, grid: Grid | None, window: int
) -> list[Row]:
    """Rows of the music on both sides of a gap that begins behind tick `here`."""
    near = excerpt.last(before, int(BEFORE * window))
    start = [Row(vocab.START)] if len(near) == len(before) else []
    prefix = start + encode(near, near[0].onset if near else here, grid)
    if not after:
        return prefix
    onset = after[0].onset
    gap = [Row(wait) for wait in vocab.wait_ids(min(onset - here, MAX_REST))]
    suffix = encode(excerpt.first(after, int(AFTER * window)), onset, grid)
    return [*prefix, Row(vocab.SUFFIX), *gap, *suffix, Row(vocab.MIDDLE)]
