"""A table of an evaluation as a picture: for each row a bar a model, side by side."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from ..wholefile import whole
from .evaluate import Table

COLOURS = ("#2b5c8a", "#d9a441", "#c0562f", "#6f9a8d", "#8a6fa8", "#9aa1ad")
BAR = 0.16
"""Inches of height of one bar."""
WIDTH = 9.0


def figure(table: Table) -> Figure:
    """Horizontal bars, the first row on top."""
    models, rows = list(table.figures), table.rows
    height = 1.2 + BAR * len(rows) * (len(models) + 1)
    drawn = Figure((WIDTH, height), layout="constrained")
    axes = drawn.subplots()
    thick = 1 / (len(models) + 1)
    for i, model in enumerate(models):
        column = table.figures[model]
        places = [n + i * thick for n, row in enumerate(rows) if row in column]
        values = [column[row] for row in rows if row in column]
        bars = axes.barh(places, values, thick, color=COLOURS[i % len(COLOURS)], label=model)
        axes.bar_label(bars, fmt="%.2f", padding=2, fontsize=6)
    middle = (len(models) - 1) * thick / 2
    axes.set_yticks([n + middle for n in range(len(rows))], rows)
    axes.set(xlabel=table.title)
    axes.invert_yaxis()
    axes.legend()
    return drawn


def draw(table: Table, path: Path) -> None:
    """Write the picture as PNG, whole or not at all; FileRefused if it cannot be."""
    drawn = figure(table)
    with whole(path) as file:
        drawn.savefig(file, dpi=120, format="png")
