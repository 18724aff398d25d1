"""Findings as text: a table for each network, then one line for each claim; and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from . import claims
from .bench import Findings
from .child import Start
from .decoding import Decoding, Figures, Shape
from .live import Load
from .overhead import Overhead

LIBRARIES = ("onnxruntime", "onnxruntime-genai", "llama-cpp-python")
Column = Callable[[Figures], str]
FLOOR = "× floor"
_COLUMNS: dict[str, Column] = {
    "ms": lambda f: f"{f.step_ms:.2f}",
    FLOOR: lambda f: f"{f.step_ms / f.floor_ms:.2f}",
    "phrase": lambda f: "–" if f.phrase_ms is None else f"{f.phrase_ms:.0f}",
    "off": lambda f: "–" if f.off is None else f"{f.off:.4f}",
}
ROOM = 10
HEAD = """\
Milliseconds of processor time, context 1,024: of a token; times its floor, which is to read its
weights and its cache once as fast as this machine reads as much memory; of a phrase of 512 rows.
Off: how far the logits are from the network's in 32 bits, in parts of their spread. Then of a token
of each of many sessions."""


def text(found: Findings) -> str:
    """All of it, for a terminal or a report."""
    parts = [_machine(), HEAD, *map(_shape, found.shapes.values()), _overheads(found.overheads)]
    parts += [_start(found.start), *map(_load, found.loads), *found.notes]
    return "\n\n".join([*parts, "\n".join(claim.line() for claim in claims.of(found))])


def as_json(found: Findings) -> str:
    """One line: the figures, and `claims` with `holds` of each."""
    data = {
        "machine": _machine(),
        "start": asdict(found.start),
        "overhead": [asdict(o) | {"share": o.share} for o in found.overheads],
        "shapes": {name: _shape_data(shape) for name, shape in found.shapes.items()},
        "live": [asdict(load) for load in found.loads],
        "notes": list(found.notes),
        "claims": [asdict(claim) | {"holds": claim.holds} for claim in claims.of(found)],
    }
    return json.dumps(data)


def _shape_data(shape: Shape) -> dict[str, Any]:
    decodings = [
        {
            "sessions": decoding.sessions,
            "contenders": {form.name: asdict(of) for form, of in decoding.figures.items()},
        }
        for decoding in (shape.one, shape.many)
    ]
    return {"described": shape.described, "decodings": decodings}


def _shape(shape: Shape) -> str:
    many = shape.many.sessions
    columns = [(head, _cells(shape.one, column)) for head, column in _COLUMNS.items()]
    columns.append((f"ms of {many}", _cells(shape.many, _COLUMNS["ms"])))
    columns.append((FLOOR, _cells(shape.many, _COLUMNS[FLOOR])))
    return f"{shape.described}\n{_grid(columns)}"


def _cells(decoding: Decoding, column: Column) -> dict[str, str]:
    return {form.name: column(figures) for form, figures in decoding.figures.items()}


def _grid(columns: Sequence[tuple[str, Mapping[str, str]]]) -> str:
    """A line for each row that any column has, under the columns' heads."""
    rows = list(dict.fromkeys(row for _, cells in columns for row in cells))
    width = max(map(len, rows))
    lines = [f"{'':{width}}" + "".join(f"{head:>{ROOM}}" for head, _ in columns)]
    for row in rows:
        line = (cells.get(row, "–") for _, cells in columns)
        lines.append(f"{row:{width}}" + "".join(f"{cell:>{ROOM}}" for cell in line))
    return "\n".join(lines)


def _overheads(overheads: Sequence[Overhead]) -> str:
    return "\n".join(
        f"A token at the desk, sessions: {o.sessions}; {o.token_us:.0f} µs, of which "
        f"{o.beside_us:.0f} are masks, draws, notes and messages ({o.share:.0%})."
        for o in overheads
    )


def _start(start: Start) -> str:
    return (
        f"Start to ready {start.ready_s:.2f} s ({start.cpu_s:.2f} s of processor time), "
        f"{start.memory_mb:.0f} MB resident at most."
    )


def _load(load: Load) -> str:
    spread = ", ".join(f"{name} {ms:.1f}" for name, ms in load.start_ms.items())
    return (
        f"{load.sessions} live sessions of {load.events_a_second:.1f} notes a second for "
        f"{load.seconds / 60:.1f} min, room for {load.room}, {load.refused} refused: "
        f"{load.answers} answers begin after {spread} ms, {load.late} of them late; a due note was "
        f"not there {load.dry} times; the engine took {load.busy:.2f} cores and "
        f"{load.memory_mb:.0f} MB; 99 % of what players did was at most {load.lag_ms:.1f} ms late."
    )


def _machine() -> str:
    """Processor, cores and versions, in a line."""
    versions = ", ".join(f"{name} {v}" for name in LIBRARIES if (v := _version(name)))
    return f"{_processor()}, cores: {os.cpu_count()}; {versions}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as about:
            names = (line.partition(":")[2].strip() for line in about if "model name" in line)
            return next(names, platform.machine())
    except OSError:
        return platform.processor() or platform.machine()
