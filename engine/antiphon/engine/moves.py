"""What may come next in one answer, kept from token to token. Pure.

Hard rules only: what is masked cannot be drawn, and something legal is always left, because where
no note is, a wait is. Notes of one moment come in order of their id, so a chord never repeats a
note and always ends; a key that its instrument still holds is not struck.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from . import vocabulary as vocab
from .constraints import NEVER, Rules
from .harmony import PitchClasses
from .notes import DRUMS, INSTRUMENTS, TICKS_PER_BEAT, Note
from .sampling import Floats, Mask

MAX_SILENCE = 192
"""Ticks of rest, two bars of 4/4, after which a note must come."""

_DRUM_NOTES = vocab.note_id(DRUMS, 0)


class Moves:
    """The legal tokens of one answer: one addition over the vocabulary a token.

    `struck_next` tells of keys, by instrument and pitch, that are struck behind the answer, and at
    which tick: a note there must be over by then, so one that cannot be is not begun.
    """

    def __init__(self, rules: Rules, struck_next: Mapping[tuple[int, int], int]) -> None:
        self._rules = rules
        self.last: int | None = None
        """Id of the note just struck at this moment, None at its first."""
        self.rest = 0
        """Ticks since the latest note, or since the beginning."""
        self._tick = 0
        self._tones = rules.tones(0)
        self._table = rules.table(self._tones)
        self._legal = self._table.copy()
        """The table, less the keys that are taken."""
        self._taken: list[tuple[int, int, bool]] = []
        """When a key is free again, its id, whether it is a voice of the answer's; a heap."""
        self._voices = 0
        self._struck: deque[int] = deque(maxlen=rules.density)
        self._closing = _closing(struck_next, rules.shortest) if rules.shortest > 1 else []
        self._closed: set[int] = set()

    def begin(self, tick: int, sounding: Iterable[Note]) -> None:
        """Stand at a tick at which these notes sound, whoever struck them."""
        for note in sounding:
            if note.end > tick:
                self._take(note, voice=False)
        self._go_to(tick)

    def struck(self, token: int) -> None:
        """A note was struck at this moment."""
        self.last, self.rest = token, 0
        self._struck.append(self._tick)

    def sounds(self, note: Note) -> None:
        """A note that was struck at this moment is complete."""
        voice = note.instrument != DRUMS
        self._voices += voice
        self._take(note, voice)

    def waited(self, ticks: int) -> None:
        """Some time went by: a new moment begins."""
        self.last = None
        self.rest += ticks
        self._go_to(self._tick + ticks)

    def masked(
        self,
        logits: Floats,
        *,
        may_end: bool = False,
        strike: bool = False,
        only: Mask | None = None,
    ) -> Floats:
        """Logits (V,), minus infinity where a token is not legal; in a new array.

        `may_end`: the piece may end here. `strike`: a note must come, if one is legal. `only`:
        instruments (17,) one of which must begin this moment, if it can.
        """
        masked = logits + self._legal
        notes = masked[vocab.NOTE : vocab.STYLE]
        if may_end:
            masked[vocab.END] = logits[vocab.END]
        if self.last is not None:
            masked[vocab.NOTE : self.last + 1] = NEVER
        struck = self._struck
        if len(struck) == struck.maxlen and self._tick - struck[0] < TICKS_PER_BEAT:
            notes[:] = NEVER
        elif self._voices >= self._rules.polyphony:
            masked[vocab.NOTE : _DRUM_NOTES] = NEVER
        if only is not None and self.last is None:
            strike = _begun_by(notes.reshape(len(INSTRUMENTS), -1), only) or strike
        if strike and notes.max() > NEVER:
            masked[: vocab.NOTE] = NEVER
        elif self.rest >= MAX_SILENCE and notes.max() > NEVER:
            masked[vocab.WAIT : vocab.LENGTH] = NEVER
        return masked

    def _take(self, note: Note, voice: bool) -> None:
        token = vocab.note_id(note.instrument, note.pitch)
        self._legal[token] = NEVER
        heappush(self._taken, (note.end, token, voice))

    def _go_to(self, tick: int) -> None:
        self._tick = tick
        while self._taken and self._taken[0][0] <= tick:
            _, token, voice = heappop(self._taken)
            self._voices -= voice
            if token not in self._closed:
                self._legal[token] = self._table[token]
        while self._closing and self._closing[-1][0] <= tick:
            token = self._closing.pop()[1]
            self._closed.add(token)
            self._legal[token] = NEVER
        tones = self._rules.tones(tick)
        if tones is not self._tones:
            self._turn_to(tones)

    def _turn_to(self, tones: PitchClasses) -> None:
        """Let other pitch classes be legal."""
        self._tones, self._table = tones, self._rules.table(tones)
        self._legal[:] = self._table
        taken = [token for _, token, _ in self._taken]
        self._legal[[*taken, *self._closed]] = NEVER


def _begun_by(notes: Floats, instruments: Mask) -> bool:
    """Leave only what these instruments may strike, of (17, 128); whether they may anything."""
    possible = bool(notes[instruments].max() > NEVER)
    if possible:
        notes[~instruments] = NEVER
    return possible


def _closing(struck_next: Mapping[tuple[int, int], int], shortest: int) -> list[tuple[int, int]]:
    """From which tick on a key is not struck any more, and its id; the last is the first in time.

    Nobody hears how long a drum lasts.
    """
    pitched = ((key, tick) for key, tick in struck_next.items() if key[0] != DRUMS)
    return sorted(((t - shortest + 1, vocab.note_id(*key)) for key, t in pitched), reverse=True)
