"""The training loop: one budget in minutes, resumed from any kill.

Muon turns the matrices of the blocks, AdamW the tables; windows grow 256, 512, 1024; the rate is
level, then falls to nothing over the last part of the budget. The budget counts time spent in
steps, so a paused or killed run loses nothing of it.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from antiphon.engine.vocabulary import Vocabulary

from . import measure
from .data import Corpus
from .model import Config, Model, config
from .windows import Sampler

STAGES = ((0.2, 32, 256), (0.65, 16, 512), (1.0, 8, 1024))
"""(share of the budget this lasts to, windows in a batch, tokens in a window)."""
WARM_UP = 0.02
DECAY_FROM = 0.55
MATRIX_RATE = 0.02
TABLE_RATE = 0.006
SAVE_EVERY_S = 60.0
JUDGE_EVERY = 0.125


@dataclass(slots=True)
class Progress:
    """Where a run stands; saved beside the weights."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    """Time spent in steps."""


def rate_at(share: float) -> float:
    """Learning rate, as a part of its peak, when `share` of the budget is spent."""
    if share < WARM_UP:
        return max(0.02, share / WARM_UP)
    if share < DECAY_FROM:
        return 1.0
    return max(0.0, (1 - share) / (1 - DECAY_FROM))


def optimisers(model: Model) -> list[torch.optim.Optimizer]:
    """Muon for the blocks and the projection, AdamW for everything else."""
    matrices = [p for b in model.blocks for p in b.parameters()] + [model.project.weight]
    inside = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    muon = torch.optim.Muon(matrices, lr=MATRIX_RATE, weight_decay=0.02, momentum=0.95)
    adam = torch.optim.AdamW(rest, lr=TABLE_RATE, betas=(0.9, 0.98), eps=1e-10, weight_decay=0.0)
    for optimiser in (muon, adam):
        for group in optimiser.param_groups:
            group["peak"] = group["lr"]
    return [muon, adam]


class Run:
    """One training run in a folder: weights, optimiser state, log."""

    def __init__(self, folder: Path, corpus: Corpus, shape: str, minutes: float, seed: int) -> None:
        self.folder, self.budget_s, self.seed = folder, 60 * minutes, seed
        self.cfg: Config = config(shape, Vocabulary(corpus.styles).size)
        torch.manual_seed(seed)
        self.model = Model(self.cfg)
        self.optimisers = optimisers(self.model)
        self.sampler = Sampler(corpus)
        self.progress = Progress()
        self.bf16 = bf16_pays()
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "state.pt").exists():
            self._resume()

    @property
    def share(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.progress.seconds / self.budget_s)

    def step(self) -> float:
        """One optimiser step; returns bits per token."""
        began = time.monotonic()
        size, length = next((s, n) for until, s, n in STAGES if self.share <= until)
        rng = np.random.default_rng((self.seed, self.progress.step))
        rows, targets, weights = map(torch.from_numpy, self.sampler.batch(rng, size, length))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            of_token, of_velocity = self.model.losses(rows, targets, weights)
        loss = (of_token.sum() + of_velocity.sum()) / weights.sum()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * rate_at(self.share)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += size * length
        self.progress.seconds += time.monotonic() - began
        return loss.item() / math.log(2)

    def save(self) -> None:
        """All that a run resumes from in one file, whole or not at all; the weights again alone."""
        weights = self.model.state_dict()
        state = {
            "progress": asdict(self.progress),
            "weights": weights,
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        torch.save(state, self.folder / "state.pt.new")
        os.replace(self.folder / "state.pt.new", self.folder / "state.pt")
        save_file(weights, self.folder / "model.safetensors.new")
        os.replace(self.folder / "model.safetensors.new", self.folder / "model.safetensors")

    def _resume(self) -> None:
        state = torch.load(self.folder / "state.pt", weights_only=True)
        self.model.load_state_dict(state["weights"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])


def bf16_pays() -> bool:
    """Whether this CPU multiplies bf16 faster than fp32: with AMX five times, without it half."""
    return _matmul_s(torch.bfloat16) < _matmul_s(torch.float32)


def _matmul_s(dtype: torch.dtype) -> float:
    a = torch.ones(2048, 1024, dtype=dtype)
    times = []
    for _ in range(4):
        began = time.monotonic()
        a @ a.T
        times.append(time.monotonic() - began)
    return min(times)


def train(run: Run, valid: Corpus, tell: Callable[[str], None] = print) -> dict[str, float]:
    """Spend the budget; returns bits per note by collection of the finished model."""
    (run.folder / "config.json").write_text(
        json.dumps({"config": asdict(run.cfg), "styles": run.sampler.corpus.styles})
    )
    last_save = time.monotonic()
    mean, judged = None, math.floor(run.share / JUDGE_EVERY)
    while run.share < 1.0:
        bits = run.step()
        mean = bits if mean is None else 0.98 * mean + 0.02 * bits
        if run.progress.step % 20 == 0:
            tell(_line(run, mean))
        if time.monotonic() - last_save > SAVE_EVERY_S:
            run.save()
            last_save = time.monotonic()
        if math.floor(run.share / JUDGE_EVERY) > judged and run.share < 1.0:
            judged = math.floor(run.share / JUDGE_EVERY)
            macro = measure.table(run.model, valid, limit=1024, most=2)["macro"]
            tell(f"judged at {100 * run.share:.0f} %: {macro:.2f} bits a note (quick, macro)")
    run.save()
    return measure.table(run.model, valid, tell=tell)


def _line(run: Run, mean: float) -> str:
    p = run.progress
    left = (run.budget_s - p.seconds) / 60
    return (
        f"step {p.step}  {p.tokens / 1e6:.1f} M tokens  {mean:.3f} bits a token  "
        f"{p.tokens / p.seconds:.0f} tokens/s  {left:.0f} min left"
    )
