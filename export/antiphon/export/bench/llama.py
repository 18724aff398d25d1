"""llama.cpp, where llama-cpp-python and gguf are installed, on files of the same weights."""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..network.quantise import Array
from . import gguf_file
from .contender import PHRASE, Contender, Form
from .subject import CONTEXT, Precision, Subject

NAME = "llama.cpp"
PACKAGES: tuple[str, ...] = ("llama_cpp", gguf_file.PACKAGE)
FLASH = "flash attention"
SETTINGS = ((32, ""), (16, ""), (16, FLASH), (8, FLASH))
"""Bits of keys and values, and the kind of attention; 8 bits it keeps with flash attention only."""
BATCH = 512
"""Most tokens of one call."""
ROOM = CONTEXT + 256
"""Positions of each session; it counts in steps of 256."""


def contenders(subject: Subject, folder: Path) -> list[Contender]:
    """Every kind of weights in every setting; nobody keeps 32 bits of what weighs 8."""
    files = {
        bits: gguf_file.write(subject, bits, folder / f"{subject.name}-{bits}.gguf")
        for bits in (32, 8, 4)
    }
    return [
        Contender(
            Form(NAME, Precision(bits, kept), setting), partial(Llama, file, kept, bool(setting))
        )
        for bits, file in files.items()
        for kept, setting in SETTINGS
        if bits == 32 or kept < 32
    ]


class Llama:
    """Some sessions of a file, each in a sequence of its own; see `Contender.start`."""

    def __init__(self, file: Path, kept: int, flash: bool, tokens: Array, fed: int) -> None:
        self._library = _library()
        self._tokens, self._at = tokens.astype(np.int32), fed
        sessions = len(tokens)
        self._model = _model(self._library, file)
        self._context = _context(self._library, self._model, sessions, kept, flash)
        self._step = _Batch(self._library, sessions)
        self._feed = _Batch(self._library, BATCH)
        for session, line in enumerate(self._tokens):
            self._read(session, line[:fed])

    def step(self) -> None:
        """One token each, in one call."""
        sessions = np.arange(len(self._tokens))
        self._decode(self._step, self._tokens[:, self._at], self._at, sessions)
        self._at += 1

    def phrase(self) -> None:
        """All in one call."""
        memory = self._library.llama_get_memory(self._context)
        self._library.llama_memory_seq_rm(memory, 0, -1, -1)
        self._read(0, self._tokens[0, :PHRASE])

    def logits(self) -> Array:
        """Of the first session (V,)."""
        first = self._library.llama_get_logits_ith(self._context, 0)
        return np.ctypeslib.as_array(first, (self._vocabulary(),)).copy()

    def __del__(self) -> None:
        self._library.llama_free(self._context)
        self._library.llama_model_free(self._model)

    def _vocabulary(self) -> int:
        vocabulary = self._library.llama_model_get_vocab(self._model)
        return int(self._library.llama_vocab_n_tokens(vocabulary))

    def _read(self, session: int, line: Array) -> None:
        for begin in range(0, len(line), BATCH):
            part = line[begin : begin + BATCH]
            positions = np.arange(begin, begin + len(part))
            self._decode(self._feed, part, positions, np.full(len(part), session))

    def _decode(self, batch: _Batch, tokens: Array, positions: Array | int, of: Array) -> None:
        batch.put(tokens, positions, of)
        assert self._library.llama_decode(self._context, batch.filled) == 0


class _Batch:
    """Tokens of one call; the last of each session has its logits worked out."""

    def __init__(self, library: Any, size: int) -> None:
        self.filled = batch = library.llama_batch_init(size, 0, 1)
        fields = (batch.token, batch.pos, batch.n_seq_id, batch.logits)
        self._token, self._position, count, self._wanted = (
            np.ctypeslib.as_array(field, (size,)) for field in fields
        )
        count[:] = 1

    def put(self, tokens: Array, positions: Array | int, sessions: Array) -> None:
        """Take tokens, and where each stands in which session."""
        size = self.filled.n_tokens = len(tokens)
        self._token[:size], self._position[:size] = tokens, positions
        for i, session in enumerate(sessions.tolist()):
            self.filled.seq_id[i][0] = session
        self._wanted[:size] = np.append(sessions[1:] != sessions[:-1], True)


def _model(library: Any, file: Path) -> Any:
    params = library.llama_model_default_params()
    params.n_gpu_layers = 0
    # With AMX its repacked products crash on some machines; without them it is slower, not wrong.
    params.use_extra_bufts = not has_amx()
    return library.llama_model_load_from_file(str(file).encode(), params)


def _context(library: Any, model: Any, sessions: int, kept: int, flash: bool) -> Any:
    params = library.llama_context_default_params()
    params.n_ctx, params.n_seq_max = ROOM * sessions, sessions
    params.n_batch = params.n_ubatch = BATCH
    params.n_threads = params.n_threads_batch = 1
    kinds = {32: library.GGML_TYPE_F32, 16: library.GGML_TYPE_F16, 8: library.GGML_TYPE_Q8_0}
    params.type_k = params.type_v = kinds[kept]
    params.flash_attn_type = int(flash)
    return library.llama_init_from_model(model, params)


@cache
def _library() -> Any:
    """The library, told to keep quiet."""
    library: Any = import_module(PACKAGES[0])
    library.quiet = library.llama_log_callback(lambda *_: None)  # kept: it is called for ever
    library.llama_log_set(library.quiet, None)
    library.llama_backend_init()
    return library


def has_amx() -> bool:
    """Whether the processor has matrix units of Intel's kind."""
    about = Path("/proc/cpuinfo")
    return about.exists() and "amx_int8" in about.read_text()
