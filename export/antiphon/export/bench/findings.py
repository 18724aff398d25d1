"""All that a benchmark found, as data: tables, claims and JSON are made of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .decoding import Decoding, Shape
from .live import Load
from .overhead import Overhead
from .starting import Start

LIBRARIES = ("onnxruntime", "onnxruntime-genai", "llama-cpp-python")


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured, in one run on one machine."""

    start: Start
    overheads: Sequence[Overhead]
    shapes: Mapping[str, Shape]
    """By the name of the network."""
    load: Load | None = None
    notes: Sequence[str] = ()
    """What was left out, and why."""


def machine() -> str:
    """Processor, cores and versions, in a line."""
    versions = ", ".join(f"{name} {v}" for name in LIBRARIES if (v := _version(name)))
    return f"{_processor()}, cores: {os.cpu_count()}; {versions}"


def as_data(found: Findings) -> dict[str, Any]:
    """The same as numbers by name, for JSON."""
    return {
        "machine": machine(),
        "start": asdict(found.start),
        "overhead": [asdict(o) | {"share": o.share} for o in found.overheads],
        "shapes": {name: _shape(shape) for name, shape in found.shapes.items()},
        "live": asdict(found.load) if found.load else None,
        "notes": list(found.notes),
    }


def _shape(shape: Shape) -> dict[str, Any]:
    decodings = [_decoding(decoding) for decoding in (shape.one, shape.many)]
    return {"described": shape.described, "decodings": decodings}


def _decoding(decoding: Decoding) -> dict[str, Any]:
    figures = {form.name: asdict(of) for form, of in decoding.figures.items()}
    return {"sessions": decoding.sessions, "contenders": figures}


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
