"""llama.cpp, where llama-cpp-python and gguf are installed, on files of the same weights."""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from antiphon.engine.errors import InternalError

from ..network.quantise import Array
from . import gguf_file
from .contender import PHRASE, Contender, Form
from .subject import CONTEXT, SHARED, Precision, Subject

NAME = "llama.cpp"
PACKAGES: tuple[str, ...] = ("llama_cpp", gguf_file.PACKAGE)
FLASH = "flash attention"
SETTINGS = ((32, ""), (16, ""), (16, FLASH), (8, FLASH))
"""Bits of keys and values, and the kind of attention; 8 bits it keeps with flash attention only."""
BATCH = PHRASE
"""Most tokens of one call."""
ROOM = CONTEXT + 256
"""Positions of each session; it counts in steps of 256."""


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Every kind of weights in every setting; nobody keeps 32 bits of what weighs 8."""
    packing = "" if _repacks() else "not repacked"
    return [
        Contender(
            Form(NAME, Precision(bits, kept), ", ".join(filter(None, (setting, packing)))),
            partial(Llama, subject, folder, bits, kept, bool(setting)),
        )
        for bits in (32, 8, 4)
        for kept, setting in SETTINGS
        if bits == 32 or kept < 32
    ]


class Llama:
    """Some sessions of a file, each in a sequence of its own; see `Contender.start`."""

    def __init__(
        self,
        subject: Subject,
        folder: Path,
        bits: int,
        kept: int,
        flash: bool,
        tokens: Array,
        fed: int,
    ) -> None:
        self._library = _library()
        file = gguf_file.write(subject, bits, folder / f"{subject.name}-{bits}.gguf")
        self._model = _model(self._library, file)
        self._context = _context(self._library, self._model, len(tokens), kept, flash)
        self._memory = self._library.llama_get_memory(self._context)
        self._vocabulary = subject.config.vocabulary
        self._sessions, self._fed, self._line = range(len(tokens)), fed, tokens[0]
        self._steps = [self._row(tokens, at) for at in range(fed, tokens.shape[1])]
        self._left = iter(self._steps)
        self._feed(tokens, fed)

    def back(self) -> None:
        """Costs nothing."""
        for session in self._sessions:
            self._library.llama_memory_seq_rm(self._memory, session, self._fed, -1)
        self._left = iter(self._steps)

    def step(self) -> None:
        """One token each, in one call."""
        self._decode(next(self._left))

    def phrase(self) -> None:
        """All in one call."""
        self._library.llama_memory_seq_rm(self._memory, 0, -1, -1)
        self._read(0, self._line, 0, PHRASE)

    def logits(self) -> Array:
        """Of the first and the last session (2, V): of the first and last token with logits."""
        found = [self._library.llama_get_logits_ith(self._context, i) for i in (0, -1)]
        return np.stack([np.ctypeslib.as_array(one, (self._vocabulary,)) for one in found])

    def __del__(self) -> None:
        self._library.llama_free(self._context)
        self._library.llama_model_free(self._model)

    def _feed(self, tokens: Array, fed: int) -> None:
        """What the lines share is copied, not read again; the last row is read in step."""
        self._read(0, tokens[0], 0, SHARED)
        for session in self._sessions[1:]:
            self._library.llama_memory_seq_cp(self._memory, 0, session, -1, -1)
        for session in self._sessions:
            self._read(session, tokens[session], SHARED, fed - 1)
        self._decode(self._row(tokens, fed - 1))

    def _read(self, session: int, line: Array, begin: int, end: int) -> None:
        for at in range(begin, end, BATCH):
            rows = np.arange(at, min(at + BATCH, end))
            self._decode(_Batch(self._library, line[rows], rows, np.full(len(rows), session)))

    def _row(self, tokens: Array, at: int) -> _Batch:
        sessions = np.arange(len(tokens))
        return _Batch(self._library, tokens[:, at], np.full(len(tokens), at), sessions)

    def _decode(self, batch: _Batch) -> None:
        if self._library.llama_decode(self._context, batch.filled):
            raise InternalError("llama.cpp refused a batch of tokens.")


class _Batch:
    """Tokens of one call, and where each stands in which session.

    The last of each session has its logits worked out.
    """

    def __init__(self, library: Any, tokens: Array, positions: Array, sessions: Array) -> None:
        size = len(tokens)
        self._library = library
        self.filled = batch = library.llama_batch_init(size, 0, 1)
        batch.n_tokens = size
        wanted = np.append(sessions[1:] != sessions[:-1], True)
        fields = (batch.token, batch.pos, batch.n_seq_id, batch.logits)
        for field, values in zip(fields, (tokens, positions, 1, wanted), strict=True):
            np.ctypeslib.as_array(field, (size,))[:] = values
        for i, session in enumerate(sessions.tolist()):
            batch.seq_id[i][0] = session

    def __del__(self) -> None:
        self._library.llama_batch_free(self.filled)


def _model(library: Any, file: Path) -> Any:
    params = library.llama_model_default_params()
    params.n_gpu_layers = 0
    params.use_extra_bufts = _repacks()
    return _given(library.llama_model_load_from_file(str(file).encode(), params), "a file")


def _context(library: Any, model: Any, sessions: int, kept: int, flash: bool) -> Any:
    params = library.llama_context_default_params()
    params.n_ctx, params.n_seq_max = ROOM * sessions, sessions
    params.n_batch = params.n_ubatch = BATCH
    params.n_threads = params.n_threads_batch = 1
    kinds = {32: library.GGML_TYPE_F32, 16: library.GGML_TYPE_F16, 8: library.GGML_TYPE_Q8_0}
    params.type_k = params.type_v = kinds[kept]
    params.flash_attn_type = int(flash)
    return _given(library.llama_init_from_model(model, params), "a context")


def _given(made: Any, what: str) -> Any:
    """What llama.cpp made; it gives nothing where others raise."""
    if not made:
        raise InternalError(f"llama.cpp could not make {what}.")
    return made


@cache
def _library() -> Any:
    """The library, told to keep quiet."""
    library: Any = import_module(PACKAGES[0])
    library.quiet = library.llama_log_callback(lambda *_: None)  # kept: it is called for ever
    library.llama_log_set(library.quiet, None)
    library.llama_backend_init()
    return library


def _repacks() -> bool:
    """Whether weights are repacked: on processors with AMX that crashes on some machines.

    Without it llama.cpp is slower, not wrong; the table says so.
    """
    about = Path("/proc/cpuinfo")
    return not (about.exists() and "amx_int8" in about.read_text())
