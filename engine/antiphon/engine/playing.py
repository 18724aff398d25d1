"""An answer in the making: what may come next, and the draw.

It knows the rules of one answer and where it has got to. Rows, cache and model are its session's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from . import vocabulary as vocab
from .constraints import Rules
from .ending import Ending
from .entrances import Entrances
from .notes import TICKS_PER_BEAT, Note
from .protocol import Answer, Open
from .sampling import Floats, Mask, draw
from .tokens import Cursor

COMMON_TIME = (4, 4)
"""What a bar is where there are none."""

VelocityLogits = Callable[[int], Floats]


class Progress(NamedTuple):
    """What one step brought."""

    notes: list[Note]
    """Notes completed, in order of onset."""
    reason: str | None = None
    """Why the answer is over, if it is."""
    drawn: int = 0
    """Tokens drawn."""


class Playing:
    """One answer, from tick `start` on."""

    def __init__(self, request: Answer, start: int, opened: Open, size: int) -> None:
        wishes = request.constraints or opened.constraints
        bar = vocab.bar_ticks(*(opened.metre or COMMON_TIME))
        self.request, self.start, self._feel = request, start, opened.feel
        self.constraints, self.rules = wishes, Rules(size, wishes)
        self.begun = False
        self.cursor = Cursor()
        self._ending = Ending(request, bar)
        self._random = np.random.Generator(np.random.PCG64([opened.seed, request.start]))
        self._entrances = Entrances(wishes.instruments, start, wishes.enter_within * bar)
        self._last: int | None = None
        self._rest = 0
        self._lead = 0
        self._length_due = False
        self._told = False
        self._sounding: list[Note] = []
        self._struck: deque[int] = deque(maxlen=self.rules.density)

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
        self._sounding = [note for note in before if note.end > self.tick]
        self._lead = max(0, self.start - self.tick)

    def next(self, logits: Floats, velocity_logits: VelocityLogits) -> tuple[int, int]:
        """Draw a token and the value of its velocity column."""
        if self._length_due:
            return self._drawn(logits, self.rules.lengths()), 0
        if self._lead:
            return self._drawn(logits, self.rules.waits(self._lead)), 0
        logits = self._ending.favoured(logits, self.tick)
        if self._last is None:
            logits = self._entrances.favoured(logits, self.tick)
        token = self._drawn(logits, self._events())
        if not vocab.is_note(token):
            return token, 0
        return token, 1 + draw(velocity_logits(token), self._feel, self._random.random())

    def over(self, token: int) -> str | None:
        """Why the answer is over with this token, if it is; the token is then not played."""
        if token == vocab.END:
            return "end"
        far = vocab.is_wait(token) and self.tick + vocab.ticks_of(token) >= self._ending.until
        return "until" if far else None

    def begins_moment(self, token: int) -> bool:
        """Whether the token is the first note of its moment: labels may be told before it."""
        return self._last is None and vocab.is_note(token)

    def told(self) -> None:
        """Labels were told in place of a note that was drawn: a note is drawn again, and only that.

        So labels stand where they stood in training, and the note knows them.
        """
        self._told = True

    def took(self, token: int, notes: Sequence[Note]) -> None:
        """Note that `token` was appended and completed `notes`."""
        self._length_due = vocab.needs_length(token)
        self._sounding += notes
        if vocab.is_note(token):
            self._last, self._rest, self._told = token, 0, False
            self._struck.append(self.tick)
            self._entrances.heard(vocab.instrument_pitch(token)[0])
        elif vocab.is_wait(token):
            ticks = vocab.ticks_of(token)
            self._lead = max(0, self._lead - ticks)
            self._rest += ticks
            self._last = None
            self._sounding = [note for note in self._sounding if note.end > self.tick]

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
            may_end=self._ending.allowed(self.tick) and not first,
            only=self._entrances.overdue(self.tick),
            strike=self._told,
        )  # fmt: skip
