"""Who is judged: the model asked for, and the baselines that it must beat.

Baselines live in a folder; what it lacks is trained there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from antiphon.engine import bundle as bundles
from antiphon.engine import model as runtime

from . import gru, judges, markov, origin
from .judges import Judge
from .markov import Markov
from .progress import Progress
from .splits import opened

Tell = Callable[[str], None]


def asked_for(run: Path | None, bundle: Path | None) -> tuple[Judge, int]:
    """A training run, else a bundle, else the bundle that ships; and its number of weights."""
    folder = run or bundle or bundles.default_folder()
    taken_apart = origin.of(folder)
    weights = sum(array.numel() for array in taken_apart.weights.values())
    if run:
        return judges.network(taken_apart.network()), weights
    return judges.bundle(runtime.Model(bundles.load(folder))), weights


def baselines(
    folder: Path, music: Path, weights: int, minutes: float, tell: Tell
) -> dict[str, Judge]:
    """Judges by name: `markov`, `markov_adapting` and `gru`.

    What must be trained learns from the train split of `music`: the GRU gets so many weights and
    so many minutes of processor time.
    """
    if not (folder / markov.FILE).exists():
        tell("Training the Markov model.")
        _train_markov(folder / markov.FILE, music)
    if not gru.is_trained(folder / gru.FILE):
        tell("Training the GRU; if it is killed, it resumes.")
        _train_gru(folder / gru.FILE, music, weights, minutes, tell)
    counted = Markov.load(folder / markov.FILE)
    return {
        "markov": judges.markov(counted),
        "markov_adapting": judges.markov(counted, adapting=True),
        "gru": judges.network(gru.load(folder / gru.FILE)),
    }


def _train_markov(file: Path, music: Path) -> None:
    with opened(music, "train") as corpus:
        progress = Progress("counting n-grams", markov.STEPS, sys.stderr)
        trained = markov.train(corpus, step=progress.step)
        progress.end()
    trained.save(file)


def _train_gru(file: Path, music: Path, weights: int, minutes: float, tell: Tell) -> None:
    with opened(music, "train") as corpus:
        shape = gru.shape_for(gru.config_for(corpus), weights)
        gru.train(gru.GruRun(file, corpus, shape, minutes), tell=tell)
