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
from ..network.to_onnx import write_bundle
from ..progress import left
from .curve import Curve, Judged, Point
from .train import Run

SAVE_EVERY_S = 50.0
"""A kill loses less than a minute."""
TELL_EVERY_S = 5.0
JUDGE_EVERY = 0.125
"""Share of the budget between two looks at the valid split, and two samples."""
SAMPLE_MINUTES = "0.5"
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

Tell = Callable[[str], None]


def train(run: Run, valid: Corpus, tell: Tell = print, samples: bool = True) -> None:
    """Spend the budget.

    In the run's folder, anew every minute: `state.pt`, `model.safetensors`, `loss.png`; at every
    look at the valid split also `samples/NNN.mid` and `.wav`. Ctrl-C saves before it ends.
    """
    keep_memory()
    tell = tell if run.crew.leads else _nothing
    curve = Curve(run.folder, run.minutes)
    try:
        _spend(run, valid, curve, tell, samples)
    finally:
        _save(run, curve)


def _spend(run: Run, valid: Corpus, curve: Curve, tell: Tell, samples: bool) -> None:
    began, share = time.monotonic(), run.share
    saved, told = -math.inf, began  # the first step is saved: who leaves then may leave
    judged = math.floor(run.share / JUDGE_EVERY)
    while run.share < 1.0:
        bits = run.step()
        curve.points.append(Point(run.minutes, bits))
        now = time.monotonic()
        if now - told > TELL_EVERY_S:
            told = now
            tell(_line(run, curve.mean, left(now - began, run.share - share, 1 - run.share)))
        if math.floor(run.share / JUDGE_EVERY) > judged:
            judged = math.floor(run.share / JUDGE_EVERY)
            _judge(run, valid, curve, tell, samples)
        if now - saved > SAVE_EVERY_S:
            saved = now
            _save(run, curve)


def _save(run: Run, curve: Curve) -> None:
    if run.crew.leads and curve.points:
        run.save()
        curve.save()


def _judge(run: Run, valid: Corpus, curve: Curve, tell: Tell, samples: bool) -> None:
    if not run.crew.leads:
        return
    if valid.pieces:
        macro = measure.table(run.model, valid, limit=1024, most=2)["macro"]
        curve.judged.append(Judged(run.minutes, macro))
        tell(f"judged at {100 * run.share:.0f} %: {macro:.2f} bits a note (quick, macro)")
    if samples:
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
        f"step {p.step}  {p.tokens / 1e6:.1f} M tokens  {mean:.3f} bits a token  "
        f"{p.tokens / p.seconds:.0f} tokens/s  {time_left} left"
    )


def _nothing(_: str) -> None:
    """What the others of a crew say."""
