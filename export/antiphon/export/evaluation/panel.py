"""Who is judged: the model asked for, and the baselines that it must beat.

Baselines live in a folder; what it lacks is trained there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from antiphon.engine import bundle as bundles
from antiphon.engine import model as runtime
from antiphon.engine.wishes import Feel

from ..baselines import gru, markov
from ..baselines.markov import Markov
from ..corpus.splits import opened
from ..network import origin
from ..progress import Progress
from . import judges
from .judges import Judge

Tell = Callable[[str], None]


def folder_of(run: Path | None, bundle: Path | None) -> Path:
    """The training run that is asked for, else the bundle, else the one that ships."""
    return run or bundle or bundles.default_folder()


def judges_of(folder: Path) -> dict[str, Judge]:
    """`default`: the network of a training run or of a bundle; FileRefused if it is neither.

    Of a bundle `remembering` too: as it plays, with the memory that a session has of its own music.
    """
    if not (folder / "bundle.json").exists():
        return {"default": judges.network(origin.of_run(folder).network())}
    plays = runtime.Model(bundles.load(folder))
    remembering = judges.bundle(plays, echo=Feel().echo)
    return {"default": judges.bundle(plays), "remembering": remembering}


def player_of(folder: Path) -> runtime.Model:
    """A bundle, ready to play; BundleRefused if it is a training run, which must be exported."""
    return runtime.Model(bundles.load(folder))


def baselines(
    folder: Path, music: Path, rival: Path, minutes: float, tell: Tell
) -> dict[str, Judge]:
    """Judges by name: `markov`, `markov_adapting` and `gru`.

    What must be trained learns from the train split of `music`: the GRU for so many minutes of
    processor time, with as many weights as the model in the folder `rival` has.
    """
    if not (folder / markov.FILE).exists():
        tell("Training the Markov model.")
        _train_markov(folder / markov.FILE, music)
    if not gru.is_trained(folder / gru.FILE):
        tell("Training the GRU; if it is killed, it resumes.")
        weights = sum(array.numel() for array in origin.of(rival).weights.values())
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
