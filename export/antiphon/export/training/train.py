"""One training run: a budget in minutes, resumed from any kill, on one process or several.

Muon turns the matrices of the blocks, AdamW the tables. The budget counts processor time spent in
steps, so that neither a pause, a kill, nor other work beside it takes anything from it.
Under `torchrun` each process takes its share of every batch: the sums are the same as one's.
"""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

from antiphon.engine.errors import UserError
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network.model import Config, Model
from ..network.recipe import USUAL, Recipe
from ..network.windows import Sampler
from .crew import Crew
from .schedule import FRESH, Schedule

MATRIX_RATE = 0.02
TABLE_RATE = 0.006


@dataclass(slots=True)
class Progress:
    """Where a run stands; saved beside the weights."""

    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    """Processor time spent in steps, over the threads that work."""


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


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is asked to be. Kept in its folder: a resumed run must ask for the same."""

    config: Config
    styles: tuple[str, ...]
    minutes: float
    recipe: Recipe = USUAL
    schedule: Schedule = FRESH
    seed: int = 1
    origin: dict[str, Any] | None = None
    """Facts of what it begins with, for the card; None if with nothing."""

    def __post_init__(self) -> None:
        if self.config.vocabulary != Vocabulary(self.styles).size:
            raise ValueError("the vocabulary has another number of styles")


class Run:
    """One training run in a folder: weights, optimiser state, log."""

    def __init__(self, folder: Path, corpus: Corpus, plan: Plan, crew: Crew | None = None) -> None:
        self.folder, self.plan, self.crew = folder, plan, crew or Crew()
        torch.manual_seed(plan.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = Model(plan.config).to(self.device)
        self.optimisers = optimisers(self.model)
        self.sampler = Sampler(corpus, plan.recipe, plan.styles)
        self.progress = Progress()
        self.bf16 = self.device.type == "cuda" or bf16_pays()
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "state.pt").exists():
            self._resume()

    @property
    def share(self) -> float:
        """Share of the budget that is spent, 0 to 1."""
        return min(1.0, self.minutes / self.plan.minutes)

    @property
    def minutes(self) -> float:
        """Minutes of the budget that are spent."""
        return self.progress.seconds / 60

    def begin_with(self, weights: dict[str, torch.Tensor]) -> None:
        """Take over the weights of another run, unless this one has begun already."""
        if not self.progress.step:
            self.model.load_state_dict(weights)

    def step(self) -> float:
        """One optimiser step; returns bits per token."""
        began = self._worked_s()
        size, length = self.plan.schedule.windows(self.share)
        rng = np.random.default_rng((self.plan.seed, self.progress.step))
        whole = self.sampler.batch(rng, size, length)
        parts = (torch.from_numpy(array) for array in self.crew.own_part(whole))
        rows, targets, weights = (part.to(self.device) for part in parts)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            of_token, of_velocity = self.model.losses(rows, targets, weights)
        loss = (of_token.sum() + of_velocity.sum()) / float(whole[2].sum())
        loss.backward()  # type: ignore[no-untyped-call]
        total = self.crew.add_up(self.model, loss.detach())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * self.plan.schedule.rate_at(self.share)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.tokens += size * length
        self.progress.seconds += self.crew.slowest(self._worked_s() - began)
        return total / math.log(2)

    def _worked_s(self) -> float:
        """Time that counts: the processor's, or what passes while a GPU works."""
        if self.device.type == "cuda":
            return time.monotonic()
        return time.process_time() / torch.get_num_threads()

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
        (self.folder / "config.json").write_text(json.dumps(asdict(self.plan)))

    def _resume(self) -> None:
        state = torch.load(self.folder / "state.pt", self.device, weights_only=True)
        try:
            self.model.load_state_dict(state["weights"])
        except RuntimeError:
            raise UserError(f"{self.folder} holds a run of another shape or vocabulary.") from None
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
