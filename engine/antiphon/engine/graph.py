"""A graph and the memory it works on: bound once, then run again and again.

The only file that knows ONNX Runtime.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

# From 1.31 on ONNX Runtime collects usage data, and keeps it in the home folder, unless this is
# set before its first import. Nothing leaves this machine unasked.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime as ort

from .errors import BundleRefused

Array = npt.NDArray[np.generic]
Arrays = Mapping[str, Array]

_KINDS: dict[str, np.dtype[np.generic]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(int8)": np.dtype(np.int8),
}


class Graph:
    """A loaded graph. [inference thread]"""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = ort.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime raises many kinds, all meaning the same here
            raise BundleRefused(f"ONNX Runtime cannot load the model: {error}") from None
        self._types = {value.name: value.type for value in self._session.get_inputs()}

    def kind_of(self, name: str) -> np.dtype[np.generic]:
        """What an input's elements are: 32-bit floats or 8-bit integers."""
        return _KINDS[self._types[name]]

    def call(self, inputs: Arrays, outputs: Arrays) -> Call:
        """A call of it that always works on these arrays; each must be contiguous."""
        return Call(self._session, inputs, outputs)

    def run(self, inputs: Arrays) -> Array:
        """Its first output, in new memory."""
        result: Array = self._session.run(None, dict(inputs))[0]
        return result


class Call:
    """One way to run a graph, its arrays bound. [inference thread]"""

    def __init__(self, session: ort.InferenceSession, inputs: Arrays, outputs: Arrays) -> None:
        self._session, self._binding = session, session.io_binding()
        self._kept = {name: ort.OrtValue.ortvalue_from_numpy(a) for name, a in outputs.items()}
        for name, value in self._kept.items():
            self._binding.bind_ortvalue_output(name, value)
        self.bind(inputs)

    def bind(self, inputs: Arrays) -> None:
        """Read these inputs from other arrays from now on; what shapes they have is free."""
        for name, array in inputs.items():
            value = ort.OrtValue.ortvalue_from_numpy(array)
            self._binding.bind_ortvalue_input(name, value)
            self._kept[name] = value

    def run(self) -> None:
        """Run it once. Blocks; lets other threads of Python run meanwhile."""
        self._session.run_with_iobinding(self._binding)
