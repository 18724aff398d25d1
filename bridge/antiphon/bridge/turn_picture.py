"""The curves of a trial of turns as a picture: ends caught to the right, false take-overs up."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from .turn_trial import Curve, Outcome, Trial
from .wholefile import put_whole

_FINE = 2  # drawn twice as large and scaled down, which smooths every edge
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 1000, 620, 90, 60, 80, 80
_INK, _FAINT, _LINE = (38, 44, 56), (118, 126, 140), (222, 226, 233)
_COLOURS = ((20, 64, 148), (232, 118, 12), (118, 126, 140))
_CAUGHT, _FALSE = (50.0, 100.0), (0.0, 45.0)
_EVERY = 4
"""Of our points, every fourth is marked with its delay."""


def draw(path: Path, trial: Trial) -> None:
    """Draw a trial's curves into a PNG, each marked point with its mean delay. [may block]"""
    image = Image.new("RGB", (_WIDTH * _FINE, _HEIGHT * _FINE), "white")
    pen = ImageDraw.Draw(image)
    _text(pen, (_LEFT, 24), "Whose turn is it? False take-overs for each 100 ends", 22, _INK)
    _axes(pen)
    for i, curve in enumerate(trial.curves):
        _curve(pen, curve, _COLOURS[i % len(_COLOURS)], above=i > 0)
        _legend(pen, i, curve.name)
    data = io.BytesIO()
    image.resize((_WIDTH, _HEIGHT), Image.Resampling.LANCZOS).save(data, "PNG")
    put_whole(path, data.getvalue())


def _axes(pen: ImageDraw.ImageDraw) -> None:
    for caught in range(50, 101, 10):
        x = _at(Outcome(caught, 0, 0))[0]
        _stroke(pen, [(x, _TOP), (x, _HEIGHT - _BOTTOM)], _LINE, 1)
        _text(pen, (x - 12, _HEIGHT - _BOTTOM + 8), f"{caught} %", 14, _FAINT)
    for false in range(0, 46, 5):
        y = _at(Outcome(0, false, 0))[1]
        _stroke(pen, [(_LEFT, y), (_WIDTH - _RIGHT, y)], _LINE, 1)
        _text(pen, (_LEFT - 32, y - 9), f"{false}", 14, _FAINT)
    legend = "ends caught; figures are mean ms from the last note to the take-over"
    _text(pen, (_LEFT, _HEIGHT - _BOTTOM + 36), legend, 14, _FAINT)


def _curve(
    pen: ImageDraw.ImageDraw, curve: Curve, colour: tuple[int, int, int], *, above: bool
) -> None:
    inside = [outcome for outcome in curve.outcomes if _fits(outcome)]
    _stroke(pen, [_at(outcome) for outcome in inside], colour, 3)
    every = _EVERY if len(inside) > len(_COLOURS) * _EVERY else 1
    for outcome in inside[::every]:
        x, y = _at(outcome)
        box = [(x - 4) * _FINE, (y - 4) * _FINE, (x + 4) * _FINE, (y + 4) * _FINE]
        pen.ellipse(box, fill=colour)
        place = (x - 34, y - 20) if above else (x + 6, y + 4)
        _text(pen, place, f"{outcome.delay_ms:.0f}", 13, colour)


def _legend(pen: ImageDraw.ImageDraw, row: int, name: str) -> None:
    y = _TOP + 16 + 22 * row
    _stroke(pen, [(_LEFT + 20, y + 9), (_LEFT + 52, y + 9)], _COLOURS[row % len(_COLOURS)], 3)
    _text(pen, (_LEFT + 62, y), name, 15, _INK)


def _fits(outcome: Outcome) -> bool:
    return _CAUGHT[0] <= outcome.caught <= _CAUGHT[1] and outcome.false <= _FALSE[1]


def _at(outcome: Outcome) -> tuple[float, float]:
    across = (outcome.caught - _CAUGHT[0]) / (_CAUGHT[1] - _CAUGHT[0])
    up = (outcome.false - _FALSE[0]) / (_FALSE[1] - _FALSE[0])
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    return _LEFT + width * across, _HEIGHT - _BOTTOM - height * up


def _stroke(
    pen: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: tuple[int, int, int],
    width: int,
) -> None:  # fmt: skip
    pen.line([(x * _FINE, y * _FINE) for x, y in points], fill=colour, width=width * _FINE)


def _text(
    pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: int,
    colour: tuple[int, int, int],
) -> None:  # fmt: skip
    font = ImageFont.load_default(size * _FINE)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow has been built without FreeType"
    pen.text((at[0] * _FINE, at[1] * _FINE), text, font=font, fill=colour)
