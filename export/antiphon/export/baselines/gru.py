"""A recurrent network to hold the transformer against: as many weights, as much work.

It reads the same rows through the same tables, draws from the same tied table and the same velocity
head, and learns from the same windows; only the blocks are replaced by a GRU. Long windows are
taken in pieces, and what the GRU remembers is carried from one to the next.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from antiphon.engine.errors import FileRefused
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network.model import Config, Model, config, norm, pitches_sounding
from ..network.windows import Sampler
from ..progress import Pace, thousands
from ..training.schedule import Schedule
from ..training.train import Progress
from ..wholefile import whole

FILE = "gru.pt"
SCHEDULE = Schedule(((1.0, 32, 2048),), rate=0.0015)
PIECE = 128
"""Tokens that a window is taken in at a time, an optimiser step each."""
SAVE_EVERY_S = 50.0
"""A kill loses less than a minute."""
TELL_EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a recurrent network."""

    config: Config
    """Of the network it is held against: its vocabulary and the width of its tables count."""
    hidden: int
    """Numbers the GRU remembers, in each layer."""
    n_layers: int = 1


class Heard(NamedTuple):
    """What is carried from one piece of a window to the next."""

    rows: Tensor
    """All rows so far, (B, T, C): notes of theirs may still sound."""
    memory: Tensor


class Gru(Model):
    """The network of `model.py` with a GRU where its blocks were."""

    def __init__(self, shape: Shape) -> None:
        cfg = replace(shape.config, n_layers=0)
        super().__init__(cfg)
        self.shape = shape
        self.recurrent = nn.GRU(cfg.width, shape.hidden, shape.n_layers, batch_first=True)
        self.narrow = nn.Linear(shape.hidden, cfg.width, bias=False)
        self.heard: Heard | None = None
        """In training the pieces before; None at the beginning of a window. Judging forgets."""

    def states(self, rows: Tensor, table: Tensor) -> Tensor:
        """(B, T, C) to the normed output of the GRU, (B, T, D)."""
        before = self.heard if self.training else None
        so_far = rows if before is None else torch.cat([before.rows, rows], dim=1)
        x = self.mixed(rows, table)
        for column, companion in enumerate(self.companions.values(), start=1):
            x = x + companion(rows[..., column])
        x = x + self.sounding(pitches_sounding(so_far)[:, -rows.shape[1] :].to(x.dtype))
        y, memory = self.recurrent(norm(x), before.memory if before else None)
        self.heard = Heard(so_far, memory.detach()) if self.training else None
        return norm(self.narrow(y))


def n_weights(model: nn.Module) -> int:
    """Number of weights of a network."""
    return sum(p.numel() for p in model.parameters())


def config_for(corpus: Corpus) -> Config:
    """The configuration whose tables it has: that of what ships, for a corpus' styles."""
    return config("small", Vocabulary(corpus.styles).size)


def shape_for(cfg: Config, weights: int) -> Shape:
    """The smallest shape with tables like those of `cfg` that has at least `weights` weights."""

    def size(hidden: int) -> int:
        with torch.device("meta"):
            return n_weights(Gru(Shape(cfg, hidden)))

    return Shape(cfg, 1 + bisect_left(range(1, 16384), weights, key=size))


class GruRun:
    """One training run: a budget of minutes of work on all cores, one file.

    It resumes from the file. A larger budget than before trains on, a smaller one takes nothing
    back. Raises FileRefused if the file holds a run of another shape, or on other music.
    """

    def __init__(
        self, file: Path, corpus: Corpus, shape: Shape, minutes: float, seed: int = 1
    ) -> None:
        self.file, self.minutes, self.seed = file, minutes, seed
        self.learnt_from = corpus.digest()
        torch.manual_seed(seed)
        self.model = Gru(shape).train()
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), betas=(0.9, 0.98), eps=1e-10, weight_decay=0.0
        )
        self.sampler = Sampler(corpus)
        self.progress = Progress()
        if file.exists():
            self._resume()

    @property
    def share(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.progress.seconds / (60 * self.minutes))

    def round(self) -> float:
        """One batch of long windows, an optimiser step for each piece; returns bits a token."""
        began = time.process_time()
        rng = np.random.default_rng((self.seed, self.progress.step))
        size, length = SCHEDULE.windows(self.share)
        batch = map(torch.from_numpy, self.sampler.batch(rng, size, length))
        pieces = zip(*(torch.split(part, PIECE, dim=1) for part in batch), strict=True)
        self.model.heard = None
        nats = [self._step(*piece) for piece in pieces]
        self.progress.step += len(nats)
        self.progress.tokens += size * length
        self.progress.seconds += (time.process_time() - began) / torch.get_num_threads()
        return math.fsum(nats) / len(nats) / math.log(2)

    def _step(self, rows: Tensor, targets: Tensor, weights: Tensor) -> float:
        of_token, of_velocity = self.model.losses(rows, targets, weights)
        loss = (of_token.sum() + of_velocity.sum()) / weights.sum().clamp(min=1)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimiser.param_groups:
            group["lr"] = SCHEDULE.rate_at(self.share)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(loss.detach())

    def save(self) -> None:
        """All of it in one file, whole or not at all; FileRefused if it cannot be written."""
        state = {
            "shape": asdict(self.model.shape),
            "learnt_from": self.learnt_from,
            "progress": asdict(self.progress),
            "weights": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        with whole(self.file) as part:
            torch.save(state, part)

    def _resume(self) -> None:
        state = _read(self.file)
        if state["shape"] != asdict(self.model.shape):
            raise FileRefused(f"{self.file} holds a GRU of another shape; give another folder.")
        if state.get("learnt_from") != self.learnt_from:
            raise FileRefused(f"{self.file} was trained on other music; give another folder.")
        self.model.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])


def shape_of(file: Path) -> Shape:
    """The shape of the network that a run saved; FileRefused if there is none."""
    about = _read(file)["shape"]
    return Shape(Config(**about["config"]), about["hidden"], about["n_layers"])


def _read(file: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(file, weights_only=True)
    except Exception:  # torch raises many kinds at a file that is not its own
        raise FileRefused(f"{file} holds no GRU that was trained.") from None
    return state


def train(run: GruRun, tell: Callable[[str], None] = print) -> Gru:
    """Spend what is left of the budget; the network, ready to be judged."""
    saved = told = time.monotonic()
    pace = Pace(told, run.share)
    while run.share < 1.0:
        bits = run.round()
        now = time.monotonic()
        time_left = pace.left(now, run.share)
        if now - told > TELL_EVERY_S:
            told = now
            tell(_line(run, bits, time_left))
        if now - saved > SAVE_EVERY_S or run.share == 1.0:
            saved = now
            run.save()
    return run.model.eval()


def _line(run: GruRun, bits: float, time_left: str) -> str:
    p = run.progress
    return (
        f"gru: step {p.step}  {thousands(p.tokens)} tokens  {bits:.3f} bits a token  "
        f"{p.tokens / p.seconds:.0f} tokens/s{time_left}"
    )
