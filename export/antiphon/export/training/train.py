"""One training run: a budget in minutes, resumed from any kill, on one process or several.

Muon turns the matrices of the blocks, AdamW the tables. The budget counts work on all cores spent
in steps: processor time over the threads. So neither a pause, a kill, nor other work beside it
takes anything from it.
Under `torchrun` each process takes its share of every batch: the sums are the same as one's.
"""

from __future__ import annotations

import functools
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from safetensors.torch import save as safetensors

from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network import facts
from ..network.model import Config, Model
from ..network.recipe import USUAL, Recipe
from ..network.windows import Sampler
from ..wholefile import whole
from .crew import Crew
from .schedule import FRESH, Schedule

MATRIX_RATE = 0.02
TABLE_RATE = 0.006
PLAN, STATE = "config.json", "state.pt"
"""Files of a run, beside its weights."""
SAID = {
    "config": "another shape",
    "styles": "other styles",
    "recipe": "another recipe",
    "schedule": "another pace or batch",
    "seed": "another seed",
}
"""What is said of a field of a plan that differs."""


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
    """What a run is asked to be. Kept in its folder: a resumed run must ask for the same.

    But for `minutes`: a run may be given more time, or less.
    """

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
    """One training run in a folder: weights, optimiser state, log.

    Raises UserError if the folder holds a run of another plan.
    """

    def __init__(self, folder: Path, corpus: Corpus, plan: Plan, crew: Crew | None = None) -> None:
        self.folder, self.plan, self.crew = folder, plan, crew or Crew()
        _refuse_another(folder, plan)
        torch.manual_seed(plan.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model = Model(plan.config).to(self.device)
        self.optimisers = optimisers(self.model)
        self.sampler = Sampler(corpus, plan.recipe, plan.styles)
        self.progress = Progress()
        self.bf16 = self.device.type == "cuda" or bf16_pays()
        self._best = math.inf
        if (folder / STATE).exists():
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
        """The plan and the music; all that a run resumes from in one file; the weights again alone.

        Each is written whole or not at all. Raises FileRefused if one cannot be.
        """
        weights = self.model.state_dict()
        state = {
            "progress": asdict(self.progress),
            "weights": weights,
            "optimisers": [o.state_dict() for o in self.optimisers],
        }
        with whole(self.folder / PLAN) as file:
            groups = self.sampler.corpus.by_collection()
            music = {name: len(pieces) for name, pieces in groups.items()}
            file.write_text(json.dumps({**asdict(self.plan), facts.MUSIC: music}))
        with whole(self.folder / STATE) as file:
            torch.save(state, file)
        with whole(self.folder / facts.LATEST) as file:
            file.write_bytes(safetensors(weights))

    def keep_if_best(self, bits_a_note: float) -> None:
        """Keep the weights apart, for export, if none were judged better; in a file that says so.

        It is written whole or not at all; FileRefused if it cannot be.
        """
        if bits_a_note >= self._best:
            return
        self._best = bits_a_note
        told = {"bits_a_note": bits_a_note, **asdict(self.progress)}
        with whole(self.folder / facts.BEST) as file:
            known = {name: str(value) for name, value in told.items()}
            file.write_bytes(safetensors(self.model.state_dict(), known))

    def take_best(self) -> None:
        """Put the weights that were judged best, if any were, in place of the last: at the end."""
        if math.isfinite(self._best):
            self.model.load_state_dict(load_file(facts.weights_of(self.folder)))

    def _resume(self) -> None:
        state = torch.load(self.folder / STATE, self.device, weights_only=True)
        self.model.load_state_dict(state["weights"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.progress = Progress(**state["progress"])
        self._best = facts.best_of(self.folder).get("bits_a_note", math.inf)


def _refuse_another(folder: Path, plan: Plan) -> None:
    """UserError if the folder holds a run of another plan; only `minutes` may differ."""
    file = folder / PLAN
    if not file.exists():
        return
    asked = json.loads(json.dumps(asdict(plan)))
    try:
        begun = json.loads(file.read_text())
        differs = [said for name, said in SAID.items() if begun[name] != asked[name]]
        before, now = begun["origin"], asked["origin"]
    except (OSError, ValueError, KeyError, TypeError):
        raise FileRefused(f"{file} is damaged; name another folder.") from None
    if before != now:  # it decides the rest too: nothing else need be said
        raise UserError(f"{folder} was begun {_begun_from(before, now)}")
    if differs:
        raise UserError(f"{folder} was begun with {' and '.join(differs)}: ask for the same, or "
                        "name another folder.")  # fmt: skip


def _begun_from(begun: dict[str, Any] | None, asked: dict[str, Any] | None) -> str:
    """The end of a sentence on two runs that begin with other weights."""
    if begun is None:
        return "from nothing: leave out --from, or name another folder."
    if asked is None:
        return f"from the model {begun['name']}: name it with --from, or name another folder."
    return f"from another model than this --from ({begun['name']}): name another folder."


@functools.cache
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
