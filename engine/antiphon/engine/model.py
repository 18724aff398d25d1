"""The network at run time: rows in, logits out, keys and values in buffers that never move.

The only file that knows ONNX Runtime. A slot is one session's place: its buffers are bound once,
past and present are the same memory, so feeding a token writes one line of cache and rewinding
is forgetting a number.
"""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

# From 1.31 on ONNX Runtime collects usage data, and keeps it in the home folder, unless this is
# set before its first import. Nothing leaves this machine unasked.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

from .bundle import Bundle
from .errors import BundleRefused, InternalError
from .sounding import Sounding
from .tokens import Column, Row
from .vocabulary import NOTE, VELOCITY_BINS

Floats = npt.NDArray[np.float32]

PITCHES = 128
CHUNK = 32
"""Most rows fed in one call: long enough to be fast, short enough to keep others waiting little."""


class Model:
    """A loaded bundle. Sessions share it; each works in its own `Slot`. [inference thread]"""

    def __init__(self, bundle: Bundle, threads: int = 1) -> None:
        self.shape = bundle.about.shape
        self.vocabulary = bundle.vocabulary
        self._graph = _session(bundle.graphs["model.onnx"], threads)
        self._velocity = _session(bundle.graphs["velocity.onnx"], 1)
        self._warm_up()

    def _warm_up(self) -> None:
        """Run every size of chunk once: the first run of each allocates, and nobody should wait."""
        slot = self.slot()
        for size in range(1, CHUNK + 1):
            slot.feed([Row(0)] * size)
        slot.velocity_logits(NOTE)

    def slot(self) -> Slot:
        """A fresh, empty slot. Allocates all the memory it will ever use."""
        return Slot(self._graph, self._velocity, self)

    @property
    def slot_bytes(self) -> int:
        """Memory of one slot's cache."""
        s = self.shape
        return 2 * 4 * s.n_layers * s.n_kv_heads * s.context * s.head_width


class Slot:
    """One session's keys and values, and the logits after its last row. [inference thread]"""

    def __init__(
        self, graph: ort.InferenceSession, velocity: ort.InferenceSession, model: Model
    ) -> None:
        self._graph, self._velocity = graph, velocity
        self.context = model.shape.context
        self.length = 0
        """Rows in the cache."""
        self.logits: Floats = np.zeros((1, model.shape.vocabulary), np.float32)
        """Logits of the token after the last row fed, (1, V)."""
        self._velocity_state: Floats = np.zeros((1, model.shape.velocity_width), np.float32)
        self._seqlens = np.zeros(1, np.int32)
        self._total = np.zeros(1, np.int32)
        self._one = np.zeros((1, 1, len(Column)), np.int64)
        self._one_sounding = np.zeros((1, 1, PITCHES), np.float32)
        self._sounding = [Sounding()]
        """What sounds behind each number of rows; one more than there are rows."""
        self._binding = graph.io_binding()
        self._keep = self._bind(model)
        self._one_values = [
            ("rows", ort.OrtValue.ortvalue_from_numpy(self._one)),
            ("sounding", ort.OrtValue.ortvalue_from_numpy(self._one_sounding)),
        ]
        self._bound_rows = 0

    def _bind(self, model: Model) -> list[ort.OrtValue]:
        s = model.shape
        kept = []
        for layer in range(s.n_layers):
            for kind in ("key", "value"):
                buffer = np.zeros((1, s.n_kv_heads, s.context, s.head_width), np.float32)
                value = ort.OrtValue.ortvalue_from_numpy(buffer)
                self._binding.bind_ortvalue_input(f"past_{kind}_{layer}", value)
                self._binding.bind_ortvalue_output(f"present_{kind}_{layer}", value)
                kept.append(value)
        for name, array in (("seqlens_k", self._seqlens), ("total_sequence_length", self._total)):
            value = ort.OrtValue.ortvalue_from_numpy(array)
            self._binding.bind_ortvalue_input(name, value)
            kept.append(value)
        for name, out in (("logits", self.logits), ("velocity_state", self._velocity_state)):
            value = ort.OrtValue.ortvalue_from_numpy(out)
            self._binding.bind_ortvalue_output(name, value)
            kept.append(value)
        return kept

    def feed(self, rows: list[Row]) -> None:
        """Append 1 to `CHUNK` rows; `logits` then speak of what follows the last. Blocks a step."""
        if not 0 < len(rows) <= min(CHUNK, self.context - self.length):
            raise InternalError(f"{len(rows)} rows do not fit behind {self.length}.")
        if len(rows) == 1:
            self._one[0, 0] = rows[0]
            self._one_sounding[:] = 0
            self._hear(rows, self._one_sounding[0])
            if self._bound_rows != 1:
                self._bind_inputs(self._one_values)
        else:
            sounding = np.zeros((1, len(rows), PITCHES), np.float32)
            self._hear(rows, sounding[0])
            several = {"rows": np.array([rows], np.int64), "sounding": sounding}
            values = [(k, ort.OrtValue.ortvalue_from_numpy(v)) for k, v in several.items()]
            self._bind_inputs(values)
        self._bound_rows = len(rows)
        self._total[0] = self.length + len(rows)
        self._seqlens[0] = self._total[0] - 1
        self._graph.run_with_iobinding(self._binding)
        self.length += len(rows)

    def _bind_inputs(self, values: list[tuple[str, ort.OrtValue]]) -> None:
        for name, value in values:
            self._binding.bind_ortvalue_input(name, value)

    def _hear(self, rows: list[Row], sounding: Floats) -> None:
        """Note what sounds behind each row, also in `sounding` (S, 128), which is all zero."""
        now = self._sounding[-1]
        for i, row in enumerate(rows):
            now = now.after(row.token)
            self._sounding.append(now)
            for _, pitch in now.held:
                sounding[i, pitch] = 1

    def rewind(self, length: int) -> None:
        """Forget all rows from index `length` on. Costs nothing; `logits` are stale till a feed."""
        if not 0 <= length <= self.length:
            raise InternalError(f"Cannot rewind {self.length} rows to {length}.")
        self.length = length
        del self._sounding[length + 1 :]

    def velocity_logits(self, note: int) -> Floats:
        """Logits (8,) of the velocity bin of note token `note`, drawn after the last row fed."""
        feeds = {"velocity_state": self._velocity_state, "note": np.array([note - NOTE], np.int64)}
        (logits,) = self._velocity.run(None, feeds)
        assert logits.shape == (1, VELOCITY_BINS)
        return np.asarray(logits[0], np.float32)


def _session(graph: bytes, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises many kinds, all meaning the same here
        raise BundleRefused(f"ONNX Runtime cannot load the model: {error}") from None
