"""Who is judged: the model asked for, and the baselines that it must beat.

Baselines live in a folder; what it lacks is trained there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from antiphon.engine import bundle as bundles
from antiphon.engine import model as runtime
from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.wishes import Feel

from ..baselines import gru, markov
from ..baselines.markov import Markov
from ..corpus.data import Corpus
from ..network import measure, origin
from ..network.measure import Judge
from ..progress import Progress
from . import judges

REMEMBERING = "remembering"
"""A bundle as it plays."""
WORDS = "remembering: as it plays, with the memory that a session has of its own music."
"""What that column is, for whoever reads the table."""

Tell = Callable[[str], None]


def folder_of(run: Path | None, bundle: Path | None) -> Path:
    """The training run that is asked for, or the bundle, else the one that ships.

    UserError if both are asked for.
    """
    if run and bundle:
        raise UserError("One model is judged at a time: name --run or --bundle, not both.")
    return run or bundle or bundles.default_folder()


def judges_of(folder: Path) -> dict[str, Judge]:
    """`default`: the network of a training run or of a bundle; FileRefused if it is neither.

    Of a bundle `REMEMBERING` too, with the memory that a session has of its own music.
    """
    if not (folder / "bundle.json").exists():
        return {"default": measure.network(origin.of_run(folder).network())}
    plays = runtime.Model(bundles.load(folder))
    remembering = measure.bundle(plays, echo=Feel().echo)
    return {"default": measure.bundle(plays), REMEMBERING: remembering}


def player_of(folder: Path) -> runtime.Model:
    """A bundle, ready to play; BundleRefused if it is none, a training run say."""
    return runtime.Model(bundles.load(folder))


def baselines(
    folder: Path, music: Corpus, rival: Path, minutes: float, tell: Tell
) -> dict[str, Judge]:
    """Judges by name: `markov`, `markov_adapting` and `gru`.

    What is not there yet learns from `music`: the GRU for so many minutes of work on all cores,
    with as many weights as the model in the folder `rival` has. Raises FileRefused if what is there
    learnt from other music.
    """
    counted = _markov(folder / markov.FILE, music, tell)
    return {
        "markov": judges.markov(counted),
        "markov_adapting": judges.markov(counted, adapting=True),
        "gru": measure.network(_gru(folder / gru.FILE, music, rival, minutes, tell)),
    }


def _markov(file: Path, music: Corpus, tell: Tell) -> Markov:
    if not file.exists():
        tell("Training the Markov model.")
        progress = Progress("counting n-grams", markov.STEPS, sys.stderr)
        markov.train(music, step=progress.step).save(file)
        progress.end()
    counted = Markov.load(file)
    if counted.learnt_from != music.digest():
        raise FileRefused(f"{file} was trained on other music; give another folder.")
    return counted


def _gru(file: Path, music: Corpus, rival: Path, minutes: float, tell: Tell) -> gru.Gru:
    if file.exists():
        shape = gru.shape_of(file)
    else:
        weights = sum(array.numel() for array in origin.of(rival).weights.values())
        shape = gru.shape_for(gru.config_for(music), weights)
    run = gru.GruRun(file, music, shape, minutes)
    if run.share < 1.0:
        tell("Training the GRU; if it is killed, it resumes.")
    trained = gru.train(run, tell)
    tell(f"The GRU was trained for {run.progress.seconds / 60:.3g} minutes of work on all cores.")
    return trained
