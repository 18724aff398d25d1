"""A run from where it stands to the end of its budget: telling, saving, judging, sampling.

What happens between steps; what a step is, `train.py` says.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import subprocess
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

from antiphon.engine import bundle
from antiphon.engine.errors import UserError

from ..corpus.data import Corpus
from ..network import measure
from ..network.measure import Told
from ..network.to_onnx import write_bundle
from ..progress import Pace, thousands
from .curve import Curve, Judged, Point
from .train import Run

SAVE_EVERY_S = 50.0
"""A kill loses less than a minute."""
TELL_EVERY_S = 5.0
JUDGE_EVERY = 0.125
"""Share of the budget between two looks at the valid split, and two samples."""
SAMPLE_MINUTES = "0.5"
LOOK_TOKENS, LOOK_PIECES = 1024, 2
"""A quick look takes the first tokens of the first pieces of each collection, styles told: by its
style one's own music is asked for.
"""
LOOKS = (
    "A quick look takes the beginning of two pieces of each collection and is told their styles; "
    "this is all that is held out, nothing told:"
)
"""Why the table at the end has other figures."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

Tell = Callable[[str], None]


def train(run: Run, valid: Corpus, tell: Tell = print, samples: bool = True) -> None:
    """Spend the budget.

    In the run's folder, anew every minute: `state.pt`, `model.safetensors`, `loss.png`; at every
    look at the valid split also `samples/NNN.mid` and `.wav`, and `best.safetensors` if it never
    was better. Ctrl-C saves before it ends.
    """
    keep_memory()
    tell = tell if run.crew.leads else _nothing
    curve = Curve(run.folder, run.minutes)
    finished = run.share >= 1.0
    tell(_begun(run))
    try:
        if run.plan.origin and not run.progress.step:
            _judge(run, valid, curve, tell)
        _spend(run, valid, curve, tell, samples)
    finally:
        if not finished:
            _save(run, curve)
    if curve.judged:
        tell(verdict(curve))


def verdict(curve: Curve) -> str:
    """Which weights are kept for export, and whether training did any good as far as is known."""
    best, first, last = curve.best, curve.judged[0], curve.judged[-1]
    before = "" if first.minutes else f", {first.bits_a_note:.2f} before training"
    at_end = "" if best is last else f", {last.bits_a_note:.2f} at the end"
    if not best.minutes:
        return (
            f"Training did not help: held-out music takes {best.bits_a_note:.2f} bits a note "
            f"without it{at_end}. Kept for export: the weights from before it. Prepare more "
            "music, or train for fewer minutes."
        )
    when = "at the end" if best is last else f"after {best.minutes:.1f} minutes"
    return (
        f"Kept for export: the weights {when}, the best on held-out music "
        f"({best.bits_a_note:.2f} bits a note{before}{at_end})."
    )


def _begun(run: Run) -> str:
    stands = f"{run.minutes:.1f} of {run.plan.minutes:g} minutes done"
    if run.share >= 1.0:
        return f"{run.folder} was trained already, {stands}: more --minutes train it on."
    if run.progress.step:
        return f"Going on from step {run.progress.step}, {stands}."
    pieces = f"{len(run.sampler.corpus.pieces)} pieces, {run.plan.minutes:g} minutes"
    origin = f" from the model {run.plan.origin['name']}" if run.plan.origin else " from nothing"
    return f"Beginning{origin}: {pieces}."


def _spend(run: Run, valid: Corpus, curve: Curve, tell: Tell, samples: bool) -> None:
    told = time.monotonic()
    saved = -math.inf  # the first step is saved: who leaves then may leave
    pace = Pace(told, run.share)
    judged = math.floor(run.share / JUDGE_EVERY)
    while run.share < 1.0:
        bits = run.step()
        curve.points.append(Point(run.minutes, bits))
        now = time.monotonic()
        time_left = pace.left(now, run.share)
        if now - told > TELL_EVERY_S:
            told = now
            tell(_line(run, curve.mean, time_left))
        if math.floor(run.share / JUDGE_EVERY) > judged:
            judged = math.floor(run.share / JUDGE_EVERY)
            _judge(run, valid, curve, tell)
            if samples and run.crew.leads:
                _sample(run, tell)
        if now - saved > SAVE_EVERY_S:
            saved = now
            _save(run, curve)


def _save(run: Run, curve: Curve) -> None:
    if run.crew.leads and (curve.points or curve.judged):
        run.save()
        curve.save()


def _judge(run: Run, valid: Corpus, curve: Curve, tell: Tell) -> None:
    if not run.crew.leads or not valid.pieces:
        return
    told = Told(labels=("styles",), styles=run.plan.styles)
    looked = measure.table(run.model, valid, limit=LOOK_TOKENS, most=LOOK_PIECES, told=told)
    bits = looked[measure.MACRO]
    curve.judged.append(Judged(run.minutes, bits))
    run.keep_if_best(bits)
    _save(run, curve)
    when = f"at {100 * run.share:.0f} %" if run.progress.step else "before training"
    tell(f"judged {when}: {bits:.2f} bits a note on a quick look at held-out music")


def _sample(run: Run, tell: Tell) -> None:
    try:
        tell(f"a sample to hear: {sample(run, run.folder / 'samples')}")
    except UserError as error:
        tell(f"no sample: {error}")


def sample(run: Run, folder: Path) -> Path:
    """Half a minute of music from nothing as MIDI and WAV, made as a user would.

    Raises UserError if the model is too large for a bundle, or has nothing to say.
    """
    if sum(p.numel() for p in run.model.parameters()) > bundle.MAX_FILE_BYTES:
        raise UserError("the model is too large for a bundle.")
    write_bundle(deepcopy(run.model).cpu(), folder / "bundle", "sample", run.plan.styles)
    name = folder / f"{round(100 * run.share):03d}"
    for kind in (".mid", ".wav"):
        made = subprocess.run(
            [sys.executable, "-m", "antiphon.bridge", "bounce", "none", name.with_suffix(kind),
             "--bundle", folder / "bundle", "--minutes", SAMPLE_MINUTES],
            capture_output=True, check=False, text=True,
        )  # fmt: skip
        if made.returncode:
            raise UserError((made.stderr.splitlines() or ["it could not be made."])[-1])
    return name.with_suffix(".wav")


def keep_memory() -> None:
    """Ask glibc to keep what is freed: asking for it anew costs a seventh of a step's time."""
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_MMAP_THRESHOLD, 2**31 - 1)
        libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def _line(run: Run, mean: float, time_left: str) -> str:
    p = run.progress
    return (
        f"step {p.step}  {thousands(p.tokens)} tokens  {mean:.3f} bits a token  "
        f"{p.tokens / p.seconds:.0f} tokens/s{time_left}"
    )


def _nothing(_: str) -> None:
    """What the others of a crew say."""
