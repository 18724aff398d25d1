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
    return [
        Contender(Form(NAME, p), partial(GenAI, _written(subject, folder, p))) for p in PRECISIONS
    ]


def _written(subject: Subject, folder: Path, precision: Precision) -> Path:
    place = folder / f"genai-{subject.name}-{precision.bits}-{precision.kept}"
    graph = subject.written(folder, precision).graphs["model.onnx"]
    genai_folder.write(subject, graph, place)
    return place


class GenAI:
    """Some sessions, as a batch of its generator; see `Contender.start`."""

    def __init__(self, folder: Path, tokens: Array, fed: int) -> None:
        library: Any = import_module(*PACKAGES)
        self._tokens, self._at = tokens.astype(np.int32), fed
        model = library.Model(str(folder))
        params = library.GeneratorParams(model)
        params.set_search_options(batch_size=len(tokens))
        self._generator = library.Generator(model, params)
        self._generator.append_tokens(self._tokens[:, :fed])

    def step(self) -> None:
        """One token each: a batch goes its own way, since it takes tokens only once."""
        if len(self._tokens) > 1:
            self._generator.generate_next_token()
        else:
            self._generator.append_tokens(self._tokens[:, self._at : self._at + 1])
            self._at += 1

    def phrase(self) -> None:
        """All at once."""
        self._generator.rewind_to(0)
        self._generator.append_tokens(self._tokens[:1, :PHRASE])

    def logits(self) -> Array:
        """Of the first session (V,)."""
        logits: Array = self._generator.get_logits()[0, -1]
        return logits
