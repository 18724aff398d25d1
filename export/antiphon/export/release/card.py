"""The model card: `bundle.json` told in words, and nothing else.

A section for which there are no figures says so or is left out; none is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from antiphon.engine.bundle import About

from ..network.facts import BEGUN
from ..network.parity import LENGTHS
from .precision import LIMIT, MOST_COST, PIECES, ROUNDS, ROWS

OWN = ("weights", "source_bits", "judged_bits", "parity_32_bit", "bits_per_note", "baseline",
       "precision", "training", "own", "recipe")  # fmt: skip
"""Figures with sections of their own; the others are printed as they come."""
OURS = "this model"
JUDGED = ("bits per note", "cost")
"""Columns that are there where it was measured."""
MINUTES = "Minutes are of work on all cores: processor time over the threads."

Figures = Mapping[str, float]


def card(about: About) -> str:
    """The card of a bundle, in Markdown."""
    f = about.figures
    sections = (
        _heading(about), _knowing(about), _storing(f), *_others(f), _training(f), _data(about),
        _abilities(about),
    )  # fmt: skip
    return "\n".join(section for section in sections if section)


def _heading(about: About) -> str:
    weights = about.figures.get("weights")
    size = f" of {weights / 1e6:.1f} million weights" if weights else ""
    return (
        f"# The `{about.name}` bundle\n\n"
        f"A decoder-only transformer{size} that continues music note by note; {about.precision}. "
        "The weights that ship with Antiphon are offered under Apache-2.0, like all of it.\n"
    )


def _knowing(about: About) -> str:
    """Bits per note by collection, beside other models where there are any."""
    f = about.figures
    own = under(f, "bits_per_note")
    if not own:
        return "## How well it knows music\n\nNot measured.\n"
    names = sorted(own, key=lambda name: (name == "macro", name))
    ordered = {name: own[name] for name in names}
    taken = f"; taken with weights in {f['judged_bits']:.0f} bits" if "judged_bits" in f else ""
    begun = any(line.startswith(BEGUN) for line in about.data)
    seen = " The model that it began with may have seen some of them." if begun else ""
    return (
        "## How well it knows music\n\n"
        "Bits per note on pieces it never saw (first 4,096 tokens, all tokens of a piece over its "
        "notes, labels unknown); less is better, `macro` is the mean of the collections"
        f"{taken}.{seen}\n\n"
        + _side_by_side("collection", {OURS: ordered, **_columns(under(f, "baseline"))})
    )


def _storing(f: Figures) -> str:
    """What each precision costs, and the proof that the graph is the network."""
    stored = [(bits, p) for bits in (32, 8, 4) if (p := under(f, f"precision.{bits}"))]
    judged = any("bits_per_note" in p for _, p in stored)
    rows = [_precision(bits, p, judged) for bits, p in stored]
    given = f.get("source_bits", 32)
    over = (
        f"Bits per note over the first {LIMIT} tokens of some {PIECES} pieces, or more of fewer; "
        f"what costs more than {100 * MOST_COST:.0f} % is not offered."
        if judged
        else "What fewer bits cost in bits per note was not measured."
    )
    parts = [
        "## What smaller weights cost\n",
        _table(["weights", *JUDGED[: 2 * judged], "ms per token", "MB"], rows),
        f"{over} Time is processor time of one thread for a token behind {ROWS} others, median of "
        f"{ROUNDS} rounds, all side by side on one machine; only its ratios mean something "
        "elsewhere.\n",
    ]
    if given < 32:
        parts.append(f"Compared with weights that were in {given:.0f} bits already.\n")
    if "parity_32_bit" in f:
        lengths = ", ".join(f"{n:,}" for n in LENGTHS)
        parts.append(
            f"Torch and the 32-bit graph differ by at most {f['parity_32_bit']:.1e} in any logit, "
            f"with {lengths} rows in the cache.\n"
        )
    return "\n".join(parts)


def _precision(bits: int, p: Figures, judged: bool) -> list[str]:
    cost = f"{100 * p['cost']:+.2f} %" if "cost" in p and bits != 32 else "–"
    offered = " (not offered)" if p.get("cost", 0) > MOST_COST else ""
    quality = [_shown(p.get("bits_per_note"), ".3f"), cost] if judged else []
    return [
        f"{bits} bit{offered}", *quality, _shown(p["ms_per_token"]), _shown(p["megabytes"], ".1f")
    ]  # fmt: skip


def _others(f: Figures) -> Iterable[str]:
    """A table for each further kind of figure."""
    for name in dict.fromkeys(name.partition(".")[0] for name in f):
        if name not in OWN:
            heading = name.replace("_", " ").capitalize()
            found = under(f, name) or {name: f[name]}
            yield f"## {heading}\n\n" + _side_by_side("figure", _columns(found), ".4g")


def _training(f: Figures) -> str:
    spent, recipe = under(f, "training"), under(f, "recipe")
    if not spent and not recipe:
        return ""
    own = under(f, "own")
    last = f"; of these {_spent(own)} by its last run, on its own collections" if own else ""
    shares = ", ".join(f"{name.replace('_', ' ')} {value:g}" for name, value in recipe.items())
    told = [f"{_spent(spent)} in all{last}. {MINUTES}\n"] if spent else []
    told += [f"The recipe of its last run: {shares}.\n"] if recipe else []
    return "## How it was trained\n\n" + "\n".join(told)


def _spent(spent: Figures) -> str:
    return ", ".join(f"{value:,.0f} {name}" for name, value in spent.items())


def _data(about: About) -> str:
    lines = "".join(f"- {line}\n" for line in about.data) or "Not stated.\n"
    named = "\nThe collections under CC BY ask that their makers be named: the lines above do so.\n"
    credit = named if any("CC-BY" in line for line in about.data) else ""
    return f"## What it was trained on\n\n{lines}{credit}"


def _abilities(about: About) -> str:
    return (
        "## What it can and cannot do\n\n"
        "It continues what it hears, in any of 16 families of instruments and drums, and knows "
        f"{len(about.styles)} styles by name; it fills a gap between two passages, and plays from "
        "nothing. Notes, instruments and lengths that a player forbids it cannot play: that is cut "
        "away outside the model.\n\n"
        f"It hears the last {about.shape.window:,} tokens at most, a few hundred notes: it keeps "
        "key, register and pace over some bars and has no sense of long form. It knows the kinds "
        "of music it was trained on and little else. It may repeat what it was trained on. It "
        "knows neither words nor sound.\n"
    )


def under(f: Figures, name: str) -> dict[str, float]:
    """The figures whose names begin with `name` and a dot, by the rest of their names."""
    return {key[len(name) + 1 :]: value for key, value in f.items() if key.startswith(f"{name}.")}


def _shown(value: float | None, form: str = ".2f") -> str:
    return "–" if value is None else f"{value:{form}}"


def _columns(f: Figures) -> dict[str, dict[str, float]]:
    """Figures by what stands before their first dot: a model; `value` if there is no dot."""
    columns: dict[str, dict[str, float]] = {}
    for name, value in f.items():
        model, dot, row = name.partition(".")
        head, key = (OURS if model == "default" else model, row) if dot else ("value", name)
        columns.setdefault(head, {})[key] = value
    return columns


def _side_by_side(head: str, columns: Mapping[str, Figures], form: str = ".2f") -> str:
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    cells = [[row, *(_shown(column.get(row), form) for column in columns.values())] for row in rows]
    return _table([head, *columns], cells)


def _table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
