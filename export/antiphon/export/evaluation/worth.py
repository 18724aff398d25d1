"""What each idea is worth, in two tables: networks trained without it, and one told more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..corpus.data import Corpus
from ..network import measure
from ..network.measure import MACRO, Told
from ..network.model import Model
from ..network.windows import LABELS
from ..release import motif_weights
from ..training.ablations import AGAIN, Trained
from .evaluate import Table

PIECES = 4
"""Of each collection, for the second table: it hears them over and over."""
TOLD: dict[str, Told] = {
    "nothing": measure.USUAL,
    "the place in the bar": Told(timing=True),
    "part and countdown": Told(whole=True),
    **{f"label: {label}": Told(labels=(label,)) for label in LABELS},
    "all labels": Told(labels=LABELS),
    "all of these": Told(labels=LABELS, timing=True, whole=True),
}
"""What one and the same network can be told of a piece."""
CHANCE = f"What `{AGAIN}` differs by is chance: anything smaller is noise, and so are a few steps."
MEMORY = "the piece so far, remembered"


def of_training(variants: Mapping[str, Trained]) -> Table:
    """Macro bits per note of each variant that was trained; the first is what the others lack."""
    compared = _compared("trained for as long", {name: v.bits for name, v in variants.items()})
    steps = {name: v.steps / 1000 for name, v in variants.items()}
    return replace(compared, figures={**compared.figures, "1,000 steps": steps})


def of_telling(
    network: Model, styles: tuple[str, ...], valid: Corpus, tell: Callable[[str], None]
) -> Table:
    """What telling a network something, or remembering the piece for it, is worth. Blocks.

    `styles` are those of its vocabulary; of the music's only they can be told.
    """
    bits = {}
    for name, told in TOLD.items():
        known = replace(told, styles=styles)
        bits[name] = measure.table(network, valid, most=PIECES, told=known)[MACRO]
        tell(f"told {name}: {bits[name]:.2f} bits a note")
    heard = motif_weights.hear_all(network, valid, PIECES)
    bits[MEMORY] = motif_weights.table(heard)[MACRO]
    best = motif_weights.learn(heard)
    tell(
        f"the memory's weights learnt on these pieces: scale {best.scale:g}, power {best.power:g} "
        f"(in use: {motif_weights.SHIPPED.scale:g}, {motif_weights.SHIPPED.power:g})"
    )
    return _compared("told at run time", bits)


def _compared(title: str, bits: Mapping[str, float]) -> Table:
    usual = next(iter(bits.values()))
    change = {row: 100 * (value / usual - 1) for row, value in bits.items()}
    return Table(title, {"bits per note": bits, "change, %": change})
