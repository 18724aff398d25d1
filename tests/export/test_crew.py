"""Two processes train what one trains: the same curve, the same weights."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

RUN = """
import json, sys, torch
from pathlib import Path
torch.set_num_threads(1)
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.training import train
from antiphon.export.training.crew import Crew
from antiphon.export.network.model import config
from antiphon.export.training.schedule import Schedule
from corpora import scales

train.bf16_pays = lambda: False
train.Run._worked_s = lambda self: float(self.progress.step)
plan = train.Plan(
    config("tiny", Vocabulary().size), (), 1, schedule=Schedule(((1.0, 4, 64),), rate=0.1)
)
run = train.Run(Path(sys.argv[1]), scales(), plan, Crew.joined())
losses = [run.step() for _ in range(12)]
if run.crew.leads:
    weights = sum(float(p.abs().sum()) for p in run.model.parameters())
    print(json.dumps({"size": run.crew.size, "losses": losses, "weights": weights}))
"""


def trained(folder: Path, *launcher: str) -> dict[str, object]:
    script = folder / "trained.py"
    script.write_text(RUN)
    command = [sys.executable, *launcher, str(script), str(folder / "run")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_two_processes_have_the_loss_curve_of_one(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    both = tmp_path / "both"
    alone.mkdir()
    both.mkdir()
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

    one, two = trained(alone), trained(both, *torchrun)

    assert (one["size"], two["size"]) == (1, 2)
    assert two["losses"] == pytest.approx(one["losses"], rel=1e-4)
    assert two["weights"] == pytest.approx(one["weights"], rel=1e-4)
    losses = one["losses"]
    assert isinstance(losses, list)
    assert losses[-1] < losses[0]
