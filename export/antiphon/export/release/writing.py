"""From a run or a bundle to a bundle: weights, proof of equality, figures, card, all or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from antiphon.engine import bundle
from antiphon.engine.copies import Index
from antiphon.engine.errors import FileRefused, UserError

from ..corpus.data import SPLITS, Corpus
from ..network import facts, measure, origin
from ..network.facts import Facts
from ..network.model import Model
from ..network.parity import prove
from ..network.quantise import PRECISIONS
from ..network.to_onnx import write_about
from ..progress import Progress
from ..wholefile import blaming
from . import copy_index, precision
from .card import card

CARD = "CARD.md"
LAST = "bundle.json"
"""Written last: it holds the checksums, so that whoever reads half of each is told so."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of what."""

    source: Path
    """Folder of a run or a bundle."""
    folder: Path
    """Folder of the bundle to write; may be the source."""
    bits: int = 8
    name: str = ""
    """Empty for that of the source if it is a bundle, else for that of the folder."""
    prepared: Path | None = None
    """Prepared music to measure on; needed for 4 bits."""
    manifest: Path | None = None
    """Where attributions are read."""
    evaluation: Path | None = None
    """What `antiphon evaluate --json` printed, for the card."""


def release(order: Order, tell: Tell = lambda _: None) -> bundle.Bundle:
    """Write, prove and describe a bundle; its folder changes only when all is proved.

    Raises UserError if few bits cost the model too much, InternalError if the graph is not the
    network.
    """
    _check(order)
    known, taken = _known(order), origin.of(order.source)
    with tempfile.TemporaryDirectory(prefix="antiphon-export-") as scratch:
        put(_proved(order, known, taken, Path(scratch), tell), order.folder)
    return bundle.load(order.folder)


def quantise(order: Order, tell: Tell = lambda _: None) -> bundle.Bundle:
    """`release` in fewer bits than the source has; UserError too if they are not fewer."""
    known = facts.of(order.source)
    if order.bits >= known.bits:
        raise UserError(f"{order.source} is stored in {known.bits} bits already.")
    return release(order, tell)


def _check(order: Order) -> None:
    if order.bits not in PRECISIONS:
        names = ", ".join(map(str, PRECISIONS))
        raise UserError(f"Weights are stored in {names} bits, not in {order.bits}.")
    if order.bits == 4 and order.prepared is None:
        raise UserError(
            "4-bit weights are offered only where they are measured to be good enough: name "
            "prepared music with --prepared."
        )
    if order.folder.is_file():
        raise FileRefused(f"{order.folder} is a file, not a folder.")
    if order.prepared:
        for split in SPLITS:
            Corpus.open(order.prepared / split)


def _known(order: Order) -> Facts:
    """What the source tells, with what the order adds."""
    known = facts.of(order.source)
    told = facts.attributions(order.manifest, order.prepared) if order.manifest else ()
    judged = facts.evaluated(order.evaluation, order.source) if order.evaluation else {}
    usual = known.name if (order.source / LAST).exists() else order.folder.resolve().name
    named = replace(known, name=order.name or usual, figures=known.figures | judged)
    return facts.attributed(named, told)


def _proved(order: Order, known: Facts, taken: origin.Origin, scratch: Path, tell: Tell) -> Path:
    """The finished bundle in a folder below `scratch`."""
    network = taken.network()
    if best := facts.best_of(order.source):
        tell(
            f"taking the weights judged best, after {best['seconds'] / 60:.1f} minutes of training"
        )
    tell("writing the graphs")
    drafts = precision.drafts(taken, network, scratch, order.bits, order.prepared)
    parity = prove(network, drafts[32])
    tell(f"torch and ONNX differ by at most {parity:.1e} (32 bit)")
    table = precision.compared(network, drafts, order.prepared)
    _tell(table, order, tell)
    _refuse_if_costly(table, order.bits)
    figures = known.figures | _weighed(network, known, parity, table)
    if order.prepared and "bits_per_note.macro" not in figures:
        figures |= {"judged_bits": known.bits} | _judged(network, order.prepared, tell)
    draft, written = scratch / str(order.bits), drafts[order.bits]
    indexed = _indexed(draft, written.about, _copies(order))
    return _described(draft, indexed, known, figures)


def _copies(order: Order) -> Index | None:
    """What training music has: as the source knows it, else of the prepared music, if any."""
    if (order.source / LAST).exists() and (kept := bundle.load(order.source).copies):
        return kept
    if order.prepared is None:
        return None
    corpus = Corpus.open(order.prepared / "train")
    total = copy_index.ROUNDS * len(corpus.pieces)
    progress = Progress("indexing what was trained on", total, sys.stderr)
    index = copy_index.index(corpus, progress.step)
    progress.end()
    return index


def _indexed(draft: Path, about: bundle.About, copies: Index | None) -> bundle.About:
    """The description of the draft, with the index of copies beside its graphs, if there is one."""
    if copies is None:
        return about
    content = copies.written()
    with blaming(draft):
        (draft / bundle.COPIES).write_bytes(content)
    checksums = {**about.sha256, bundle.COPIES: hashlib.sha256(content).hexdigest()}
    return msgspec.structs.replace(about, sha256=checksums)


def _described(draft: Path, written: bundle.About, known: Facts, figures: dict[str, float]) -> Path:
    """The draft, with all that is known of it told in its description and its card."""
    about = msgspec.structs.replace(written, name=known.name, data=known.data, figures=figures)
    write_about(draft, about)
    with blaming(draft):
        (draft / CARD).write_text(card(about))
    return draft


def _tell(table: dict[int, precision.Precision], order: Order, tell: Tell) -> None:
    for bits, p in table.items():
        cost = "" if p.cost is None else f", {p.bits_per_note:.3f} bits per note ({p.cost:+.2%})"
        written = " (written)" if bits == order.bits else ""
        size = f"{p.ms_per_token:.2f} ms per token, {p.megabytes:.1f} MB"
        tell(f"{bits:2d} bit{written}: {size}{cost}")
    if order.prepared and table[32].cost is None:
        tell("what fewer bits cost in bits per note: not measured, as too little is held out")


def _refuse_if_costly(table: dict[int, precision.Precision], bits: int) -> None:
    cost = table[bits].cost
    if cost is not None and cost > precision.MOST_COST:
        raise UserError(
            f"In {bits} bits this model loses {cost:.2%} of its bits per note, more than "
            f"{precision.MOST_COST:.0%}: nothing was written."
        )


def _weighed(
    network: Model, known: Facts, parity: float, table: dict[int, precision.Precision]
) -> dict[str, float]:
    """Figures of the weights and of the ways to store them."""
    weights = sum(p.numel() for p in network.parameters())
    figures = {"weights": weights, "source_bits": known.bits, "parity_32_bit": parity}
    measured = {f"precision.{bits}": asdict(p) for bits, p in table.items()}
    return figures | {name: round(value, 5) for name, value in facts.numbers(measured)}


def _judged(network: Model, prepared: Path, tell: Tell) -> dict[str, float]:
    """Bits per note by collection."""
    valid = Corpus.open(prepared / "valid")
    if valid.pieces:
        tell("bits per note on held-out music, by collection:")
    table = measure.table(network, valid, tell=tell)
    return {f"bits_per_note.{name}": round(value, 3) for name, value in table.items()}


def put(draft: Path, folder: Path) -> None:
    """Put the files of a bundle into a folder: copied beside first, then replaced at a blow.

    A reader meanwhile gets the old bundle, the new one, or is refused by their checksums.
    """
    copies = [bundle.COPIES] if (draft / bundle.COPIES).exists() else []
    names = (*bundle.GRAPHS, *copies, CARD, LAST)
    parts = {name: folder / f".{name}.{os.getpid()}.part" for name in names}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in parts.items():
            shutil.copyfile(draft / name, part)
        for name, part in parts.items():
            os.replace(part, folder / name)
        if not copies:
            (folder / bundle.COPIES).unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileRefused(f"{folder} cannot be written ({reason}).") from None
    finally:
        for part in parts.values():
            with suppress(OSError):
                part.unlink()
