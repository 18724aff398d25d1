"""A piece as a picture: a piano roll of all parts, drawn to a PNG file.

The only module that knows Pillow. It knows nothing of sessions; a turn is what the notes show.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note

from .page import DRUM_LANE, LEFT, RIGHT, WIDTH, Page
from .wholefile import put_whole

_FINE = 2  # drawn this much larger and then scaled down, which smooths every edge
_KEYS = 24  # width of the keyboard
_BLACK_KEYS = (1, 3, 6, 8, 10)

_Colour = tuple[int, int, int]
_PAPER: _Colour = (255, 255, 255)
_WHITE_LANE: _Colour = (249, 250, 252)
_BLACK_LANE: _Colour = (239, 241, 245)
_BAR_LINE: _Colour = (206, 211, 220)
_BEAT_LINE: _Colour = (231, 234, 240)
_OCTAVE_LINE: _Colour = (188, 195, 207)
_INK: _Colour = (38, 44, 56)
_FAINT_INK: _Colour = (118, 126, 140)
# Blue and orange differ in lightness too, so they stay apart for every kind of colour vision.
_PARTS: tuple[_Colour, ...] = ((20, 64, 148), (232, 118, 12), (0, 128, 98), (150, 70, 140))

_Box = tuple[float, float, float, float]


def draw(
    path: Path,
    tracks: Mapping[str, Sequence[Note]],
    *,
    tempo_bpm: float,
    metre: tuple[int, int],
    title: str,
) -> None:
    """Draw the parts, the player's first, from tick 0 on; velocity is strength of colour.

    Drums have a strip of their own. A line marks where each other part takes its turn. Raises
    `FileRefused` if the file cannot be written.
    """
    page = Page.of(tracks, tempo_bpm, metre)
    image = Image.new("RGB", (WIDTH * _FINE, page.height * _FINE), _PAPER)
    pen = _Pen(ImageDraw.Draw(image))
    _head(pen, page, list(tracks), title)
    for row in range(page.rows):
        _lanes(pen, page, row)
        _keyboard(pen, page, row)
        _bars(pen, page, row)
        _seconds(pen, page, row)
    for number, notes in enumerate(tracks.values()):
        for note in sorted(notes):
            _note(pen, page, note, _PARTS[number % len(_PARTS)])
    for number, (name, tick) in _turns(tracks, page.bar):
        _turn(pen, page, tick, f"{name} begins", _PARTS[number % len(_PARTS)])
    data = io.BytesIO()
    image.resize((WIDTH, page.height), Image.Resampling.LANCZOS).save(data, "PNG")
    put_whole(path, data.getvalue())


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in pixels of the finished picture."""

    to: ImageDraw.ImageDraw

    def box(self, box: _Box, fill: _Colour, radius: float = 0) -> None:
        left, top, right, bottom = (round(edge * _FINE) for edge in box)
        corners = (left, top, max(left, right - 1), max(top, bottom - 1))
        radius = min(radius * _FINE, (right - left) / 2, (bottom - top) / 2)
        self.to.rounded_rectangle(corners, max(0, radius), fill)

    def text(
        self, x: float, y: float, words: str, size: int, fill: _Colour, anchor: str = "ls"
    ) -> float:
        """Write, and return the width. Anchors are Pillow's: "ls" is left end of the base line."""
        font = ImageFont.load_default(size * _FINE)
        self.to.text((x * _FINE, y * _FINE), words, fill, font, anchor)
        return self.to.textlength(words, font) / _FINE


def _head(pen: _Pen, page: Page, names: Sequence[str], title: str) -> None:
    pen.text(LEFT - _KEYS, 44, title, 28, _INK)
    length = _clock(page.ticks * 60 / TICKS_PER_BEAT / page.tempo_bpm)
    facts = f"{page.tempo_bpm:g} bpm   ·   {page.metre[0]}/{page.metre[1]}   ·   {length}"
    pen.text(LEFT - _KEYS, 70, facts, 16, _FAINT_INK)
    x: float = WIDTH - RIGHT
    for number, name in reversed(list(enumerate(names))):
        x -= pen.text(x, 44, name, 18, _INK, "rs") + 28
        pen.box((x, 31, x + 20, 45), _PARTS[number % len(_PARTS)], 4)
        x -= 28


def _lanes(pen: _Pen, page: Page, row: int) -> None:
    right = WIDTH - RIGHT
    for pitch in range(page.low, page.high + 1):
        y = page.y(pitch, row)
        lane = _BLACK_LANE if pitch % 12 in _BLACK_KEYS else _WHITE_LANE
        pen.box((LEFT, y, right, y + page.lane), lane)
    for pitch in range(page.low, page.high + 1):
        if pitch % 12 == 0:
            y = page.y(pitch, row) + page.lane
            pen.box((LEFT, y - 0.5, right, y + 0.5), _OCTAVE_LINE)
    if page.drums:
        top = page.top(row) + page.lanes_height
        pen.box((LEFT, top + 4, right, page.foot(row)), _BLACK_LANE)
        middle = (top + 4 + page.foot(row)) / 2
        pen.text(LEFT - 8, middle, "drums", 12, _FAINT_INK, "rm")


def _keyboard(pen: _Pen, page: Page, row: int) -> None:
    left = LEFT - _KEYS
    for pitch in range(page.low, page.high + 1):
        y = page.y(pitch, row)
        if pitch % 12 in _BLACK_KEYS:
            pen.box((left, y, LEFT - 9, y + page.lane), _INK)
        elif pitch % 12 in (0, 5):
            pen.box((left, y + page.lane - 0.5, LEFT, y + page.lane + 0.5), _OCTAVE_LINE)
        if pitch % 12 == 0:
            label = f"C{pitch // 12 - 1}"
            pen.text(left - 8, y + page.lane / 2, label, 13, _FAINT_INK, "rm")
    bottom = page.top(row) + page.lanes_height
    for x in (left, LEFT):
        pen.box((x - 0.5, page.top(row), x + 0.5, bottom), _OCTAVE_LINE)


def _bars(pen: _Pen, page: Page, row: int) -> None:
    start, end = row * page.row_ticks, (row + 1) * page.row_ticks
    beat = max(1, TICKS_PER_BEAT * 4 // page.metre[1])
    top, foot = page.top(row), page.foot(row)
    if beat * page.pixels_per_tick >= 12:
        for tick in range(start, end, beat):
            x = page.x(tick, row)
            pen.box((x - 0.5, top, x + 0.5, foot), _BEAT_LINE)
    every = ceil(34 / (page.bar * page.pixels_per_tick))
    for number in range(start // page.bar, end // page.bar + 1, every):
        x = page.x(number * page.bar, row)
        pen.box((x - 0.5, top, x + 0.5, foot), _BAR_LINE)
        if number * page.bar < end:
            pen.text(x + 3, top - 5, str(number + 1), 12, _FAINT_INK)


def _seconds(pen: _Pen, page: Page, row: int) -> None:
    ticks_a_second = page.tempo_bpm * TICKS_PER_BEAT / 60
    second = ticks_a_second * page.pixels_per_tick
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)
    step = next((s for s in steps if s * second >= 56), 14400)
    at = ceil(row * page.row_ticks / ticks_a_second / step) * step
    y = page.foot(row)
    while at * ticks_a_second <= (row + 1) * page.row_ticks:
        x = page.x(at * ticks_a_second, row)
        pen.box((x - 0.5, y, x + 0.5, y + 5), _FAINT_INK)
        pen.text(x, y + 8, _clock(at), 12, _FAINT_INK, "mt")
        at += step


def _note(pen: _Pen, page: Page, note: Note, colour: _Colour) -> None:
    """One note, on every row it reaches into."""
    fill = _blend(colour, 0.35 + 0.65 * note.velocity / 127)
    if note.instrument == DRUMS:
        row = min(note.onset // page.row_ticks, page.rows - 1)
        x, y = page.x(note.onset, row), page.drum_y(note.pitch, row)
        pen.box((x, y, x + 5, y + DRUM_LANE - 1), fill, 2.5)
        return
    for row in range(note.onset // page.row_ticks, (note.end - 1) // page.row_ticks + 1):
        left = max(page.x(note.onset, row), LEFT)
        right = min(page.x(note.end, row), WIDTH - RIGHT)
        y = page.y(note.pitch, row)
        box = (left, y, max(left + 3, right), y + page.lane)
        pen.box(box, _blend(colour, 0.9, (30, 30, 40)), 2.5)
        pen.box((box[0] + 0.5, y + 0.5, box[2] - 0.5, box[3] - 0.5), fill, 2)


def _turn(pen: _Pen, page: Page, tick: int, words: str, colour: _Colour) -> None:
    row = tick // page.row_ticks
    x, top = page.x(tick, row), page.top(row)
    pen.box((x - 1, top - 36, x + 1, page.foot(row)), _blend(colour, 0.75))
    width = len(words) * 6.3 + 12
    left = x if x + width < WIDTH - RIGHT else x - width
    pen.box((left, top - 36, left + width, top - 19), colour, 3)
    pen.text(left + width / 2, top - 27.5, words, 12, _PAPER, "mm")


def _turns(tracks: Mapping[str, Sequence[Note]], bar: int) -> list[tuple[int, tuple[str, int]]]:
    """Where a part other than the first comes in after a bar of rest or after another's note."""
    turns = []
    for number, (name, notes) in list(enumerate(tracks.items()))[1:]:
        others = sorted(n.onset for other in tracks if other != name for n in tracks[other])
        silent_from = None
        for note in sorted(notes):
            rest = silent_from is None or note.onset - silent_from >= bar
            between = silent_from is None or any(silent_from <= o <= note.onset for o in others)
            if rest and between:
                turns.append((number, (name, note.onset)))
            silent_from = max(silent_from or 0, note.end)
    return turns


def _blend(colour: _Colour, strength: float, ground: _Colour = _PAPER) -> _Colour:
    red, green, blue = (
        round(c * strength + g * (1 - strength)) for c, g in zip(colour, ground, strict=True)
    )
    return red, green, blue


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
