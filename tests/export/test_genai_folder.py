"""GenAI's folder, run by ONNX Runtime the way GenAI runs it: the same logits as our network's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from antiphon.engine.graph import Graph
from antiphon.export.bench import genai_folder, subject
from antiphon.export.bench.subject import PRECISIONS, Precision
from antiphon.export.network.quantise import Array
from bundles import STYLES

ROWS, FIRST = 40, 33
WHEN = ("past", "present")


class Reader:
    """Reads a folder as its `genai_config.json` says, past and present in the same memory."""

    def __init__(self, folder: Path) -> None:
        config: dict[str, Any] = json.loads((folder / "genai_config.json").read_text())
        decoder = config["model"]["decoder"]
        self.graph = Graph((folder / decoder["filename"]).read_bytes())
        self.names: dict[str, str] = decoder["inputs"] | decoder["outputs"]
        self.logits = np.zeros((1, 1, config["model"]["vocab_size"]), np.float32)
        self.past: dict[str, Array] = {}
        self.present: dict[str, Array] = {}
        room = (1, decoder["num_key_value_heads"], ROWS, decoder["head_size"])
        for i in range(decoder["num_hidden_layers"]):
            for kind in ("key", "value"):
                past, present = (self.names[f"{when}_{kind}_names"] % i for when in WHEN)
                self.past[past] = np.zeros(room, self.graph.kind_of(past))
                self.present[present] = self.past[past]
        self.length = 0

    def append(self, tokens: Array) -> Array:
        """Logits (V,) behind the last."""
        begin, self.length = self.length, self.length + tokens.shape[1]
        own = {
            self.names["input_ids"]: tokens,
            self.names["attention_mask"]: np.ones((1, self.length), np.int64),
            self.names["position_ids"]: np.arange(begin, self.length)[None],
        }
        outputs = {self.names["logits"]: self.logits} | self.present
        self.graph.call(own | self.past, outputs).run()
        logits: Array = self.logits[0, 0].copy()
        return logits


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_folder_says_what_our_network_says(tmp_path: Path, precision: Precision) -> None:
    of = subject.random("tiny", STYLES)
    written = of.written(tmp_path, precision)
    genai_folder.write(of, written.graphs["model.onnx"], tmp_path / "genai")
    tokens = subject.tokens(1, ROWS)
    with torch.inference_mode():
        ours = of.network(torch.tensor([subject.rows_of(tokens[0])]))[0].numpy()

    reader = Reader(tmp_path / "genai")
    theirs = [reader.append(tokens[:, :FIRST])]
    theirs += [reader.append(tokens[:, i : i + 1]) for i in range(FIRST, ROWS)]

    off = np.sqrt(np.square(np.stack(theirs) - ours[FIRST - 1 :]).mean()) / ours.std()
    whole = precision.bits == precision.kept == 32
    assert off < (1e-5 if whole else {32: 0.05, 8: 0.05, 4: 0.3}[precision.bits])


def test_what_a_token_cannot_tell_falls_out(tmp_path: Path) -> None:
    of = subject.random("tiny", STYLES)
    whole = of.written(tmp_path, PRECISIONS[0]).graphs["model.onnx"]
    less = genai_folder.graph(whole, of.embedding())

    names = {value.name for value in onnx.load_from_string(less).graph.input}
    assert {"ids", "mask", "positions"} == {name for name in names if "past" not in name}
    assert b"countdown_rows" in whole
    assert b"countdown_rows" not in less
