"""What a run is asked to be, as a person asks for it: names to shapes, paces and origins."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from antiphon.engine import bundle
from antiphon.engine.errors import UserError
from antiphon.engine.vocabulary import Vocabulary

from ..corpus.data import Corpus
from ..network import facts
from ..network import origin as origins
from ..network.model import SHAPES, config
from .crew import Crew
from .schedule import PACES
from .train import Plan, Run


def begin(
    folder: Path,
    corpus: Corpus,
    *,
    shape: str,
    minutes: float,
    origin: str,
    pace: str,
    wider: int,
    seed: int,
) -> Run:
    """The run in `folder`, begun or resumed; UserError if a name is not known.

    `origin` is a folder, `default` for the bundle that ships, or empty: then `shape` is one of
    `SHAPES`, `small` if empty. Blocks until all of a crew are there.
    """
    if shape and origin:
        raise UserError("What is gone on from has its shape already: name --from or --shape.")
    shape = shape or "small"
    pace = pace or ("tune" if origin else "fresh")
    if pace not in PACES:
        raise UserError(f"There is no pace {pace!r}: choose of {', '.join(PACES)}.")
    if shape not in SHAPES:
        raise UserError(f"There is no shape {shape!r}: choose of {', '.join(SHAPES)}.")
    schedule = PACES[pace].wider(wider)
    if not origin:
        fresh = config(shape, Vocabulary(corpus.styles).size)
        plan = Plan(fresh, corpus.styles, minutes, schedule=schedule, seed=seed)
        return Run(folder, corpus, plan, Crew.joined())
    source = bundle.DEFAULT if origin == "default" else Path(origin)
    known = origins.of(source).knowing(corpus.styles)
    told = asdict(facts.of(source))
    plan = Plan(known.config, known.styles, minutes, schedule=schedule, seed=seed, origin=told)
    run = Run(folder, corpus, plan, Crew.joined())
    run.begin_with(known.weights)
    return run
