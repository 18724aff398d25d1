"""What one session has heard and played, as notes and as token rows, kept in step event by event.

Key events in, one number out: the index of the first row that changed. A key still down stands
with a provisional length; when it goes up, the rows from there on are written anew. The transcript
after any events equals `encode` of the notes they make, but for labels that were told again: that
is its whole contract. Such labels belong to the note they lead to and go when it is written anew.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile

from .notes import DRUMS, Event, Note, NoteOff, NoteOn, Pedal, shortened
from .tokens import Cursor, Decoder, Grid, Row, Whole, encode_note
from .vocabulary import START

PROVISIONAL_LENGTH = 24
"""Half a beat: what a held note is said to last until it is let go."""

RESTATE_AFTER = 384
"""Rows after which labels are told again."""
TOLD_KEPT = 256
"""Times that labels were told and that rewinding can come back to."""


class Held(Enum):
    """What keeps a note of the player's sounding."""

    NOTHING = "nothing"
    """It is over, or it is the model's, whose notes are born with their end."""
    KEY = "key"
    PEDAL = "pedal"


@dataclass(slots=True, eq=False)
class Entry:
    """One note of the transcript and where its rows begin.

    A held note has a provisional length until it is let go. For an answer that begins while it is
    held it is `settled`: given a length it might have, which its release still corrects.
    """

    note: Note
    begin: int
    """Index of its first row: waits and labels that lead to it, or the note itself."""
    held: Held = Held.NOTHING
    settled: int = 0
    """Number of the hearing since which it is; 0 if it is not."""
    played: bool = False
    """The model's own note, not heard from a player."""

    @property
    def open(self) -> bool:
        """Whether its length is provisional."""
        return self.held is not Held.NOTHING and not self.settled


class Transcript:
    """A session's music so far. Grows with the session; nothing here blocks or draws at random."""

    def __init__(
        self,
        labels: Sequence[Row] = (),
        grid: Grid | None = None,
        example: Sequence[Row] = (),
    ) -> None:
        self._opening = [*labels, *example]
        self._opened_with = (len(labels), tuple(labels))
        self.rows: list[Row] = list(self._opening)
        self.entries: list[Entry] = []
        self._prefix = len(self.rows)
        self._told = [self._opened_with]
        self._grid = grid
        self._whole: Whole | None = None
        self._of_key: dict[tuple[int, int], list[Entry]] = {}
        """The entries of each key that was ever struck, in order: never empty."""
        self._pedals: set[int] = set()
        self._decoder: Decoder | None = None
        self._hearing = 1
        """Which time the player was heard, or will be next."""
        self._began: int | None = None
        """Onset of the very first note, once that was let go of."""
        self._begin = 0
        """Of a note that the model is playing, the index of its first row."""

    def fork(self) -> Transcript:
        """The same music, going its own way from here. Costs a copy of every note."""
        other = copy(self)
        other.rows = self.rows[:]
        other.entries = [Entry(e.note, e.begin, e.held, e.settled, e.played) for e in self.entries]
        other._of_key = _by_key(other.entries)
        other._told, other._pedals = self._told[:], set(self._pedals)
        other._decoder = None
        return other

    @property
    def tick(self) -> int:
        """Onset of the latest note, 0 before the first."""
        return self.entries[-1].note.onset if self.entries else 0

    @property
    def origin(self) -> int:
        """Tick at which the rows begin: the first note's onset."""
        return self.entries[0].note.onset if self.entries else 0

    @property
    def began(self) -> int:
        """Onset of the first note of all, be it let go of."""
        return self.origin if self._began is None else self._began

    def notes(self) -> list[Note]:
        """All notes, provisional lengths included."""
        return [entry.note for entry in self.entries]

    def heard(self) -> list[Note]:
        """The notes that are not the model's."""
        return [entry.note for entry in self.entries if not entry.played]

    def open_entries(self) -> list[Entry]:
        """Notes whose length is not known yet, in order."""
        waiting = [entry for entry in self._lasts() if entry.open]
        return sorted(waiting, key=lambda entry: _order(entry.note))

    def hear(self, events: Iterable[Event]) -> int:
        """Take key events; returns the index of the first row that changed (len if none)."""
        self._hearing += 1
        unchanged = min((self._take(event) for event in events), default=len(self.entries))
        return self._rewrite(unchanged) if unchanged < len(self.entries) else len(self.rows)

    def rewind(self, tick: int, keeps_ends: bool = False) -> int:
        """Forget notes struck at or after `tick`; the model's own that reach past it end there.

        Unless they keep their ends. Held notes that were settled for an answer from there on are
        open again.
        """
        first = bisect_left(self.entries, tick, key=lambda entry: entry.note.onset)
        gone = len(self.entries) > first
        for entry in self.entries[first:]:
            self._forget_last(_key(entry.note))
        del self.entries[first:]
        self._decoder = None
        # Of notes that reach past the tick each is the last of its key.
        # What was settled for the answer that is taken back was only a guess.
        reaching = [e for e in self._lasts() if e.settled == self._hearing or e.note.end >= tick]
        changed = [e for e in reaching if not (keeps_ends and e.played) and _shorten(e, tick)]
        if not self.entries:
            self._began = None
            return self._open(self._opening, self._opened_with)
        at = min((self._place(entry.note) for entry in changed), default=first)
        return self._rewrite(at) if gone or changed else self.trim()

    def sounding(self, tick: int) -> list[Note]:
        """Notes that reach beyond a tick behind the last note."""
        return [entry.note for entry in self._lasts() if entry.note.end > tick]

    def forget(self, rows: int) -> None:
        """Let go of the first so many rows and of the notes that begin there.

        What is left keeps its rows, which stand so many further to the front. Nothing before can
        be rewound to any more.
        """
        self._began = self.began
        at = bisect_left(self.entries, rows, key=lambda entry: entry.begin)
        del self.entries[:at], self.rows[:rows]
        self._begin -= rows
        for entry in self.entries:
            entry.begin -= rows
        self._of_key = _by_key(self.entries)
        self._prefix = self.entries[0].begin if self.entries else 0
        self._told = [(max(0, told - rows), labels) for told, labels in self._told][-TOLD_KEPT:]
        self._told[0] = (0, self._told[0][1])

    def settle(self, entry: Entry, length: int) -> int:
        """Give an open note a length for now; returns the index of the first row that changed."""
        entry.settled = self._hearing
        entry.note = shortened(entry.note, entry.note.onset + length)
        return self._rewrite(self._place(entry.note))

    def start(self, labels: Sequence[Row]) -> int:
        """Say that a piece begins here: what an empty transcript without example goes on from.

        Returns the index of the first row that changed.
        """
        return self._open([*labels, Row(START)], (len(labels), tuple(labels)))

    def place(self, whole: Whole | None) -> int:
        """Say what part of the whole each row is; returns the index of the first that changed."""
        if whole == self._whole:
            return len(self.rows)
        self._whole = whole
        return self._rewrite(0)

    def due(self, labels: Sequence[Row]) -> bool:
        """Whether labels are to be told: they are not those told last, or that is long ago."""
        at, last = self._told[-1]
        return bool(labels) and (last != labels or len(self.rows) - at > RESTATE_AFTER)

    def tell(self, labels: tuple[Row, ...]) -> None:
        """Append labels, where a note comes next."""
        self.rows += labels
        self._told.append((len(self.rows), labels))

    def begin_playing(self, start: int = 0) -> Cursor:
        """Start appending the model's tokens behind the last note; returns the place.

        Music from nothing begins at tick `start`.
        """
        self.trim()
        self._begin = len(self.rows)
        cursor = Cursor(self.tick if self.entries else start, self._grid, self._whole)
        self._decoder = Decoder(cursor.tick)
        return cursor

    def rest_until(self, tick: int, cursor: Cursor) -> None:
        """Append the waits from the cursor to `tick`, where the model goes on."""
        assert self._decoder is not None, "begin_playing comes first"
        self.rows += cursor.rest_until(tick)
        self._decoder.tick = cursor.tick

    def play(self, row: Row) -> list[Note]:
        """Append a token of the model's; returns the notes it completes."""
        assert self._decoder is not None, "begin_playing comes first"
        self.rows.append(row)
        notes = self._decoder.push(row.token, row.velocity)
        for note in notes:
            entry = Entry(note, self._begin, played=True)
            self.entries.append(entry)
            self._of_key.setdefault(_key(note), []).append(entry)
            self._begin = len(self.rows)
        return notes

    def row_of(self, entry: Entry) -> int:
        """Index of the entry's note token (its length, if any, is the next row)."""
        at = self._place(entry.note)
        end = self.entries[at + 1].begin if at + 1 < len(self.entries) else len(self.rows)
        return end - (1 if entry.note.instrument == DRUMS else 2)

    def _take(self, event: Event) -> int:
        """Take one event; returns the index of the first entry that changed, a large one if none.

        The rows are not touched: of many events only the first change is to be written from.
        """
        if isinstance(event, NoteOn):
            return self._strike(event)
        if isinstance(event, NoteOff):
            return self._let_go(event)
        return self._pedal(event)

    def _strike(self, event: NoteOn) -> int:
        note = Note(event.tick, event.instrument, event.pitch, PROVISIONAL_LENGTH, event.velocity)
        at = changed = self._place(note)
        if at < len(self.entries) and _order(self.entries[at].note) == _order(note):
            return _NONE
        before, after = self._neighbours(note)
        if before is not None:
            was_open, before.held, before.settled = before.open, Held.NOTHING, 0
            if was_open or before.note.end > note.onset:
                before.note = shortened(before.note, note.onset)
                changed = self._place(before.note)
        if after is not None:
            note = shortened(note, min(note.end, after.note.onset))
        entry = Entry(note, 0, Held.KEY if after is None else Held.NOTHING)
        self.entries.insert(at, entry)
        same = self._of_key.setdefault(_key(note), [])
        insort(same, entry, key=lambda entry: entry.note.onset)
        return changed

    def _let_go(self, event: NoteOff) -> int:
        same = self._of_key.get((event.instrument, event.pitch))
        if not same or same[-1].held is not Held.KEY:
            return _NONE
        entry = same[-1]
        if event.instrument in self._pedals:
            entry.held = Held.PEDAL
            return _NONE
        return self._close([entry], event.tick)

    def _pedal(self, event: Pedal) -> int:
        if event.down:
            self._pedals.add(event.instrument)
            return _NONE
        self._pedals.discard(event.instrument)
        held = [e for e in self._lasts() if e.held is Held.PEDAL]
        return self._close([e for e in held if e.note.instrument == event.instrument], event.tick)

    def _close(self, entries: list[Entry], tick: int) -> int:
        """Give notes their end."""
        for entry in entries:
            entry.held, entry.settled = Held.NOTHING, 0
            entry.note = shortened(entry.note, tick)
        return min((self._place(entry.note) for entry in entries), default=_NONE)

    def _place(self, note: Note) -> int:
        """Index at which a note stands, or would stand."""
        return bisect_left(self.entries, _order(note), key=lambda entry: _order(entry.note))

    def _neighbours(self, note: Note) -> tuple[Entry | None, Entry | None]:
        """The notes before and after on the same key, for one that is not there yet."""
        same = self._of_key.get(_key(note), [])
        at = bisect_left(same, note.onset, key=lambda entry: entry.note.onset)
        return same[at - 1] if at else None, same[at] if at < len(same) else None

    def _lasts(self) -> Iterator[Entry]:
        """The last entry of every key."""
        return (same[-1] for same in self._of_key.values())

    def _forget_last(self, key: tuple[int, int]) -> None:
        self._of_key[key].pop()
        if not self._of_key[key]:
            del self._of_key[key]

    def _rewrite(self, at: int) -> int:
        """Write the rows from entry `at` on anew; returns the index of the first of them."""
        before = self.entries[at - 1] if at else None
        begin = self._end_of(at - 1) if before else self._prefix
        self._cut(begin)
        cursor = Cursor(before.note.onset if before else self.origin, self._grid, self._whole)
        if before:
            cursor.resume(self._chord_before(at))
        for entry in self.entries[at:]:
            entry.begin = len(self.rows)
            self.rows += encode_note(entry.note, cursor)
        return begin

    def _chord_before(self, at: int) -> int:
        onset = self.entries[at - 1].note.onset
        first = at
        while first and self.entries[first - 1].note.onset == onset:
            first -= 1
        return at - first

    def _end_of(self, at: int) -> int:
        """Index behind the last row of entry `at`, which is known to stand."""
        row = self.entries[at].begin
        while self.rows[row].velocity == 0:
            row += 1
        return row + (1 if self.entries[at].note.instrument == DRUMS else 2)

    def trim(self) -> int:
        """Drop rows behind the last note (waits that led nowhere); returns how many are left."""
        self._cut(self._end_of(len(self.entries) - 1) if self.entries else self._prefix)
        return len(self.rows)

    def _cut(self, end: int) -> None:
        """Drop the rows from index `end` on, and what they told."""
        del self.rows[end:]
        while self._told[-1][0] > end:
            self._told.pop()

    def _open(self, prefix: list[Row], told: tuple[int, tuple[Row, ...]]) -> int:
        """Hold nothing but a prefix; returns the index of the first row that changed."""
        pairs = zip(self.rows, prefix, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        self.rows[:], self._prefix, self._told = prefix, len(prefix), [told]
        return same


def _shorten(entry: Entry, tick: int) -> bool:
    """Take back what reaches past a tick that music is rewound to; whether anything was."""
    if entry.played and entry.note.end > tick:
        entry.note = shortened(entry.note, tick)
        return True
    if entry.settled:
        entry.settled = 0
        entry.note = _provisional(entry.note)
        return True
    return False


def _by_key(entries: Iterable[Entry]) -> dict[tuple[int, int], list[Entry]]:
    found: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        found.setdefault(_key(entry.note), []).append(entry)
    return found


def _provisional(note: Note) -> Note:
    return shortened(note, note.onset + PROVISIONAL_LENGTH)


_NONE = 2**62
"""Index beyond every entry: nothing changed."""


def _order(note: Note) -> tuple[int, int, int]:
    return note.onset, note.instrument, note.pitch


def _key(note: Note) -> tuple[int, int]:
    return note.instrument, note.pitch
