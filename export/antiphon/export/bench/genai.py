"""ONNX Runtime GenAI, where it is installed, on the graphs of our bundles."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..network.quantise import Array
from . import genai_folder
from .contender import PHRASE, Contender, Form
from .subject import PRECISIONS, Precision, Subject

NAME = "ONNX Runtime GenAI"
PACKAGES: tuple[str, ...] = ("onnxruntime_genai",)


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Every precision that ours has."""
    return [Contender(Form(NAME, p), partial(GenAI, subject, folder, p)) for p in PRECISIONS]


class GenAI:
    """Some sessions, as a batch of its generator; see `Contender.start`."""

    def __init__(
        self, subject: Subject, folder: Path, precision: Precision, tokens: Array, fed: int
    ) -> None:
        library: Any = import_module(*PACKAGES)
        model = library.Model(str(_written(subject, folder, precision)))
        params = library.GeneratorParams(model)
        params.set_search_options(batch_size=len(tokens))
        self._generator = library.Generator(model, params)
        whole = tokens.astype(np.int32)
        self._first, self._fed = whole[:1, :PHRASE].copy(), fed
        self._alone = len(tokens) == 1
        self._steps = [whole[:, at : at + 1].copy() for at in range(fed, whole.shape[1])]
        self._left = iter(self._steps)
        self._generator.append_tokens(whole[:, :fed].copy())

    def back(self) -> None:
        """A batch cannot go back, and goes on instead: some rows further with every round."""
        if self._alone:
            self._generator.rewind_to(self._fed)
            self._left = iter(self._steps)

    def step(self) -> None:
        """One token each: a batch goes its own way, since it takes tokens only once."""
        if self._alone:
            self._generator.append_tokens(next(self._left))
        else:
            self._generator.generate_next_token()

    def phrase(self) -> None:
        """All at once."""
        self._generator.rewind_to(0)
        self._generator.append_tokens(self._first)

    def logits(self) -> Array:
        """Of the first and the last session (2, V)."""
        logits: Array = self._generator.get_logits()[[0, -1], -1]
        return logits


def _written(subject: Subject, folder: Path, precision: Precision) -> Path:
    place = folder / f"genai-{subject.name}-{precision.bits}-{precision.kept}"
    if not place.exists():
        graph = subject.written(folder, precision).graphs["model.onnx"]
        genai_folder.write(subject, graph, place)
    return place
