"""Measured times as a picture: one row of dots a series, with its percentiles marked."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .percentile import percentile
from .wholefile import put_whole

_FINE = 2  # drawn twice as large and scaled down, which smooths every edge
_WIDTH, _LEFT, _RIGHT, _TOP, _ROW, _BOTTOM = 1000, 150, 40, 70, 110, 50
_INK, _FAINT, _LINE = (38, 44, 56), (118, 126, 140), (222, 226, 233)
_DOTS = ((20, 64, 148), (232, 118, 12), (0, 128, 98))
_PERCENTS = (50, 95, 99)
_LABEL, _LABEL_GAP, _LABEL_EDGE = 13, 8, 8


@dataclass(frozen=True, slots=True)
class Label:
    """A percentile's name and the box it fills, in pixels from the picture's upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


def draw(path: Path, series: Mapping[str, Sequence[float]], *, title: str) -> None:
    """Draw each series of at least one value along one common axis from 0, named by `title`."""
    height = _TOP + len(series) * _ROW + _BOTTOM
    image = Image.new("RGB", (_WIDTH * _FINE, height * _FINE), "white")
    pen = ImageDraw.Draw(image)
    top = _axis_top(max((max(values) for values in series.values()), default=1.0))
    _text(pen, (_LEFT, 22), title, 22, _INK)
    _axis(pen, top, height)
    for i, (name, values) in enumerate(series.items()):
        _row(pen, _TOP + i * _ROW, name, sorted(values), top, _DOTS[i % len(_DOTS)])
    data = io.BytesIO()
    image.resize((_WIDTH, height), Image.Resampling.LANCZOS).save(data, "PNG")
    put_whole(path, data.getvalue())


def _row(
    pen: ImageDraw.ImageDraw, y: int, name: str, values: list[float], top: float,
    colour: tuple[int, int, int],
) -> None:  # fmt: skip
    middle = y + _ROW // 2
    _text(pen, (16, middle - 10), name, 15, _INK)
    for i, value in enumerate(values):
        # Spread over the row by rank, so that equal times do not hide one another.
        at = (_x(value, top), middle + 24 - 48 * ((i * 7) % 13) / 12)
        box = [(at[0] - 3) * _FINE, (at[1] - 3) * _FINE, (at[0] + 3) * _FINE, (at[1] + 3) * _FINE]
        pen.ellipse(box, fill=colour)
    for value in _percentiles(values):
        x = _x(value, top) * _FINE
        pen.line([x, (middle - 34) * _FINE, x, (middle + 34) * _FINE], fill=_INK, width=_FINE)
    for label in labels(values, top, middle - 36):
        _text(pen, (label.left, label.top), label.text, _LABEL, _FAINT)


def labels(values: Sequence[float], top: float, bottom: float) -> list[Label]:
    """The percentiles of ascending `values` by name, in a line that ends at the height `bottom`.

    Each begins where its value is on an axis from 0 to `top`, or as near as the others and the
    picture's edges let it; they keep their order and never overlap.
    """
    found = list(zip(_PERCENTS, _percentiles(values), strict=True))
    texts = [f"p{percent} {value:.1f}" for percent, value in found]
    font = _font(_LABEL)
    widths = [font.getlength(text) / _FINE for text in texts]
    lefts = _apart([_x(value, top) for _, value in found], widths, _WIDTH - _LABEL_EDGE)
    over = bottom - sum(font.getmetrics()) / _FINE
    return [
        Label(text, left, over, left + width, bottom)
        for text, left, width in zip(texts, lefts, widths, strict=True)
    ]


def _apart(wanted: Sequence[float], widths: Sequence[float], edge: float) -> list[float]:
    """Places from left to right, moved on where the one before is in the way, back at the edge."""
    lefts: list[float] = []
    free = 0.0
    for left, width in zip(wanted, widths, strict=True):
        lefts.append(max(left, free))
        free = lefts[-1] + width + _LABEL_GAP
    for i in reversed(range(len(lefts))):
        lefts[i] = min(lefts[i], edge - widths[i])
        edge = lefts[i] - _LABEL_GAP
    return lefts


def _percentiles(values: Sequence[float]) -> list[float]:
    return [percentile(values, percent) for percent in _PERCENTS]


def _axis(pen: ImageDraw.ImageDraw, top: float, height: int) -> None:
    for i in range(6):
        value = top * i / 5
        x = _x(value, top)
        line = [x * _FINE, _TOP * _FINE, x * _FINE, (height - _BOTTOM) * _FINE]
        pen.line(line, fill=_LINE, width=_FINE)
        _text(pen, (x - 8, height - _BOTTOM + 8), f"{value:g}", 14, _FAINT)


def _axis_top(largest: float) -> float:
    """The next of 1, 2, 5, 10, 20, … that holds the largest value."""
    steps = (m * 10**e for e in range(-1, 6) for m in (1, 2, 5))
    return next((step for step in steps if step >= largest), largest)


def _x(value: float, top: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * value / top


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int,
    colour: tuple[int, int, int],
) -> None:  # fmt: skip
    pen.text((at[0] * _FINE, at[1] * _FINE), text, font=_font(size), fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size * _FINE)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow has been built without FreeType"
    return font
