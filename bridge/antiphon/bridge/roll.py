"""A piano roll for terminals, as lines of text; two pitches to a line, time running left.

It writes to no terminal and reads no clock: who calls it says what the time is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note

TICKS_PER_COLUMN = 6
"""A column of the live roll is a 32nd note."""

_LABEL = 4  # columns of the pitch names
_MARGIN = 2  # pitches kept free above and below the music
_HEAD = "│"


class Cell(IntEnum):
    """What one pitch shows in one column; the larger hides the smaller."""

    EMPTY = 0
    PLANNED_YOU = 1
    TENTATIVE_MODEL = 2
    """May still be taken back."""
    COMMITTED_MODEL = 3
    """Will sound."""
    YOU = 4
    MODEL = 5


_CODES = {
    Cell.PLANNED_YOU: 24, Cell.TENTATIVE_MODEL: 94, Cell.COMMITTED_MODEL: 136, Cell.YOU: 33,
    Cell.MODEL: 208,
}  # fmt: skip
_FAINT = 242
_PLAIN = {Cell.TENTATIVE_MODEL: "·", Cell.COMMITTED_MODEL: "░", Cell.MODEL: "▒"}
"""The player's cells keep their halves."""

_Cells = dict[tuple[int, int], Cell]  # keyed by column and pitch


@dataclass(slots=True)
class Roll:
    """The live roll. It remembers only which pitches it showed last, to move them gently."""

    _low: int | None = field(default=None, init=False)

    def frame(
        self,
        notes_by_part: Mapping[str, Sequence[Note]],
        now_tick: int,
        width: int,
        height: int,
        colour: bool,
        status: str = "",
        committed: int = 0,
    ) -> list[str]:
        """`height` lines of `width` columns; the first part is the player, the others the model.

        The play head stands at two thirds. Notes right of it are still to sound and drawn dim,
        those that begin more than `committed` ticks from now, and may be taken back, dimmer.
        `status` ends the last line. A window under 8 columns or 3 lines shows the status alone.
        """
        columns = width - _LABEL
        if columns < 4 or height < 3:
            return [_fitted(status, width)] * min(1, height)
        head = columns * 2 // 3
        start, commit = now_tick - head * TICKS_PER_COLUMN, now_tick + committed
        grid = _Grid(start, TICKS_PER_COLUMN, columns, now_tick, commit)
        cells, drums = grid.cells(notes_by_part)
        lines = height - 1 - bool(drums)
        self._low = _followed(self._low, cells, 2 * lines)
        body = _body(cells, drums, self._low, lines, columns, head, colour)
        names = _legend(notes_by_part, colour)
        return [*body, _fitted(f"beat {now_tick // TICKS_PER_BEAT + 1}  {names}  {status}", width)]


def summary(
    notes_by_part: Mapping[str, Sequence[Note]], width: int, height: int, colour: bool
) -> list[str]:
    """The whole piece at once, at most `height` lines, for where nothing can move."""
    notes = [note for part in notes_by_part.values() for note in part]
    if not notes:
        return ["no notes"]
    end = max(note.end for note in notes)
    columns = max(1, width - _LABEL)
    grid = _Grid(0, max(1, -(-end // columns)), columns, end, end)
    cells, drums = grid.cells(notes_by_part)
    pitches = [pitch for _, pitch in cells] or [60]
    lines = max(1, min(height - 1 - bool(drums), (max(pitches) - min(pitches)) // 2 + 1))
    low = _followed(None, cells, 2 * lines, margin=0)
    body = _body(cells, drums, low, lines, columns, None, colour)
    beats = -(-end // TICKS_PER_BEAT)
    unit = "beat" if beats == 1 else "beats"
    return [*body, f"{beats} {unit}  {_legend(notes_by_part, colour)}"]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Columns of time: which tick stands at the left, and how many make a column."""

    start: int
    ticks: int
    columns: int
    now: int
    commit: int
    """The last tick at which what begins can no longer be taken back."""

    def cells(self, parts: Mapping[str, Sequence[Note]]) -> tuple[_Cells, dict[int, Cell]]:
        """The pitched cells, and the cells of the drums by column."""
        pitched: _Cells = {}
        drums: dict[int, Cell] = {}
        for number, notes in enumerate(parts.values()):
            for note in notes:
                for column in self._span(note):
                    cell = self._cell(column, note.onset, number > 0)
                    if note.instrument == DRUMS:
                        drums[column] = max(cell, drums.get(column, cell))
                    else:
                        place = column, note.pitch
                        pitched[place] = max(cell, pitched.get(place, cell))
        return pitched, drums

    def _span(self, note: Note) -> range:
        first = (note.onset - self.start) // self.ticks
        length = 1 if note.instrument == DRUMS else note.length
        last = (note.onset + length - 1 - self.start) // self.ticks
        return range(max(0, first), min(self.columns, last + 1))

    def _cell(self, column: int, onset: int, model: bool) -> Cell:
        planned = self.start + column * self.ticks > self.now
        if not model:
            return Cell.PLANNED_YOU if planned else Cell.YOU
        if not planned:
            return Cell.MODEL
        return Cell.COMMITTED_MODEL if onset <= self.commit else Cell.TENTATIVE_MODEL


def _followed(low: int | None, cells: Iterable[tuple[int, int]], span: int, margin: int = 2) -> int:
    """Lowest pitch to show: as it was while the music fits, else a quarter of the way there."""
    pitches = sorted(pitch for _, pitch in cells)
    if not pitches:
        return 60 - span // 2 if low is None else low
    bottom, top = pitches[0] - margin, pitches[-1] + margin
    if top - bottom + 1 > span:
        goal = pitches[len(pitches) // 2] - span // 2
    elif low is None:
        goal = (bottom + top + 1 - span) // 2
    else:
        goal = min(bottom, max(low, top - span + 1))
    goal = max(0, min(127 - span + 1, goal))
    if low is None or goal == low:
        return goal
    step = -(-abs(goal - low) // 4)
    return low + step if goal > low else low - step


def _body(
    cells: _Cells,
    drums: Mapping[int, Cell],
    low: int,
    lines: int,
    columns: int,
    head: int | None,
    colour: bool,
) -> list[str]:
    body = []
    for pitch in range(low + 2 * (lines - 1), low - 1, -2):
        named = next((p for p in (pitch, pitch + 1) if p % 12 == 0), None)
        label = "" if named is None else f"C{named // 12 - 1}"
        pairs = [
            (cells.get((x, pitch + 1), Cell.EMPTY), cells.get((x, pitch), Cell.EMPTY))
            for x in range(columns)
        ]
        body.append(_line(label, pairs, head, colour))
    if drums:
        hits = [drums.get(x, Cell.EMPTY) for x in range(columns)]
        body.append(_line("drm", [(Cell.EMPTY, hit) for hit in hits], head, colour))
    return body


def _line(label: str, pairs: Sequence[tuple[Cell, Cell]], head: int | None, colour: bool) -> str:
    drawn = [
        _glyph(upper, lower, colour, _HEAD if column == head else " ")
        for column, (upper, lower) in enumerate(pairs)
    ]
    named = label.ljust(_LABEL)
    if not colour:
        return named + "".join(glyph for glyph, _ in drawn)
    return _inked([(named, f"38;5;{_FAINT}"), *drawn])


def _glyph(upper: Cell, lower: Cell, colour: bool, empty: str) -> tuple[str, str]:
    """The character of two pitches, upper and lower, and its colour code."""
    stronger = max(upper, lower)
    if not stronger:
        return empty, f"38;5;{_FAINT}" if empty == _HEAD else ""
    if not colour and stronger in _PLAIN:
        return _PLAIN[stronger], ""
    if upper == lower:
        return "█", f"38;5;{_CODES[upper]}"
    if not lower:
        return "▀", f"38;5;{_CODES[upper]}"
    if not upper:
        return "▄", f"38;5;{_CODES[lower]}"
    return ("▀", f"38;5;{_CODES[upper]};48;5;{_CODES[lower]}") if colour else ("█", "")


def _inked(drawn: Iterable[tuple[str, str]]) -> str:
    """The text with a code wherever the colour changes, and none left on at the end."""
    text, current = "", ""
    for glyph, code in drawn:
        if code != current:
            text += f"\x1b[0;{code}m" if code else "\x1b[0m"
            current = code
        text += glyph
    return text + "\x1b[0m" if current else text


def _legend(parts: Mapping[str, Sequence[Note]], colour: bool) -> str:
    signs = [(name, Cell.MODEL if number else Cell.YOU) for number, name in enumerate(parts)]
    if not colour:
        return "  ".join(f"{_PLAIN.get(cell, '█')} {name}" for name, cell in signs)
    return "  ".join(f"\x1b[38;5;{_CODES[cell]}m█\x1b[0m {name}" for name, cell in signs)


def _fitted(text: str, width: int) -> str:
    """The text cut or filled to `width` columns; colour codes take no room."""
    fitted, room, at = "", width, 0
    while at < len(text) and (room or text[at] == "\x1b"):
        stop = text.index("m", at) + 1 if text[at] == "\x1b" else at + 1
        room -= text[at] != "\x1b"
        fitted += text[at:stop]
        at = stop
    return fitted + " " * room
