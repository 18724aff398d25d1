"""An answer in the making: what may come next, and the draw.

It knows the rules of one answer and where it has got to. Rows, cache and model are its session's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from . import vocabulary as vocab
from .constraints import COMMON_TIME, Rules, wait_ids
from .ending import Ending
from .entrances import Entrances
from .moves import Moves
from .notes import Note
from .protocol import Answer, Open
from .repetition import Repetition
from .sampling import COLDEST, Floats, Heat, draw, draw_of_few, reheat
from .tokens import Cursor
from .wishes import Feel

VelocityLogits = Callable[[int], Floats]


class Progress(NamedTuple):
    """What one step brought."""

    notes: list[Note]
    """Notes completed, in order of onset."""
    reason: str | None = None
    """Why the answer is over, if it is."""
    drawn: int = 0
    """Tokens drawn."""
    copied: int = 0
    """Notes of training music in a row that the last of them ends; 0 if they are few."""


class Playing:
    """One answer, from tick `start` on; of `struck_next` see `Moves`."""

    def __init__(
        self,
        request: Answer,
        start: int,
        opened: Open,
        size: int,
        struck_next: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        wishes, feel = request.constraints or opened.constraints, request.feel or opened.feel
        bar = vocab.bar_ticks(*(opened.metre or COMMON_TIME))
        self.request, self.start = request, start
        self.echo = feel.echo
        """How much of what was played comes back, 0 to 1."""
        self.constraints, self.rules = wishes, Rules(size, wishes, opened.metre)
        self.begun = False
        self.cursor = Cursor()
        self._heat, self._rhythm_heat = Heat.of(feel), Heat.of(feel, feel.rhythm)
        self._kinds = _kinds(feel)
        self._uniform = np.random.Generator(np.random.PCG64([opened.seed, request.start])).random
        self._ending = Ending(request, bar)
        self._entrances = Entrances(wishes.instruments, start, wishes.enter_within * bar)
        self._repetition = Repetition(feel.repetition)
        self._moves = Moves(self.rules, struck_next or {})
        self._lead = 0
        self._length_due = False
        self._told = False

    @property
    def tick(self) -> int:
        """Tick of the moment reached."""
        return self.cursor.tick

    @property
    def late(self) -> bool:
        """Whether nothing may be struck any more, because the answer ends here."""
        return self.tick >= self._ending.until

    @property
    def passed(self) -> float:
        """Part of the answer that lies behind, 0 to 1."""
        first, until = self.request.start, self._ending.until
        return min(max(self.tick - first, 0) / max(until - first, 1), 1.0)

    @property
    def rests_until(self) -> int:
        """Tick up to which nothing is drawn: what one wait can say is left to the model, unless it
        is to begin on the spot.
        """
        return self.start - (0 if self.request.prompt else vocab.TIMES[-1])

    def begin(self, cursor: Cursor, before: Iterable[Note]) -> None:
        """Go on from a place, ready to draw; `before` are the notes behind it."""
        self.cursor, self.begun = cursor, True
        self._moves.begin(self.tick, before)
        self._lead = max(0, self.start - self.tick)

    def next(self, logits: Floats, velocity_logits: VelocityLogits) -> tuple[int, int]:
        """Draw a token and the value of its velocity column."""
        if self._length_due:
            return self._among(self.rules.length_ids, logits, self._rhythm_heat), 0
        if self._lead:
            return self._among(wait_ids(self._lead), logits, self._rhythm_heat), 0
        token = draw(self._weighed(logits), self._heat, self._uniform())
        if not vocab.is_note(token):
            return token, 0
        first, behind = self.rules.velocity_bins
        bins = velocity_logits(token)[first:behind].tolist()
        return token, 1 + first + draw_of_few(bins, self._heat, self._uniform())

    def over(self, token: int) -> str | None:
        """Why the answer is over with this token, if it is; the token is then not played."""
        if token == vocab.END:
            return "end"
        far = vocab.is_wait(token) and self.tick + vocab.ticks_of(token) >= self._ending.until
        return "until" if far else None

    def begins_moment(self, token: int) -> bool:
        """Whether the token is the first note of its moment: labels may be told before it."""
        return self._moves.last is None and vocab.is_note(token)

    def told(self) -> None:
        """Labels were told in place of a note that was drawn: a note is drawn again, and only that.

        So labels stand where they stood in training, and the note knows them.
        """
        self._told = True

    def took(self, token: int, notes: Sequence[Note]) -> None:
        """Note that `token` was appended and completed `notes`."""
        self._length_due = vocab.needs_length(token)
        if vocab.is_note(token):
            self._told = False
            self._moves.struck(token)
            self._repetition.struck(token)
            self._entrances.heard(vocab.instrument_pitch(token)[0], self.tick)
        elif vocab.is_wait(token):
            ticks = vocab.ticks_of(token)
            self._lead = max(0, self._lead - ticks)
            self._moves.waited(ticks)
        for note in notes:
            self._moves.sounds(note)

    def _among(self, ids: tuple[int, int], logits: Floats, heat: Heat) -> int:
        """Draw one of a run of tokens, any of which is legal."""
        first, behind = ids
        return first + draw(logits[first:behind], heat, self._uniform())

    def _weighed(self, logits: Floats) -> Floats:
        """Logits (V,) of what may come at this place, as the wishes weigh them."""
        moves, tick = self._moves, self.cursor.tick
        begins = moves.last is None
        first = begins and self.request.prompt and moves.rest == 0
        may_end = self._ending.allowed(tick) and not first
        awaited = begins and self._entrances.awaited
        weighed = moves.masked(
            logits,
            may_end=may_end,
            strike=self._told or first,
            only=self._entrances.overdue(tick) if awaited else None,
        )
        if awaited:
            self._entrances.favour(weighed, tick)
        if may_end:
            self._ending.favour(weighed, tick)
        self._repetition.shun(weighed)
        for kind, factor in self._kinds:
            reheat(weighed[kind], self._heat.temperature, factor)
        return weighed


def _kinds(feel: Feel) -> list[tuple[slice, float]]:
    """The kinds of token that have a heat of their own, and what it is times the temperature."""
    kinds = [
        (slice(vocab.WAIT, vocab.LENGTH), feel.rhythm),
        (slice(vocab.NOTE, vocab.STYLE), feel.pitch),
    ]
    warm = feel.temperature >= COLDEST
    return [(kind, factor) for kind, factor in kinds if warm and factor != 1]
