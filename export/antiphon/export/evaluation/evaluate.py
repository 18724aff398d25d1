"""Models side by side on music they never saw, as tables to print, to draw or to keep as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean

from ..audition import targets
from ..audition.targets import Sections
from ..corpus.data import Corpus
from ..network.measure import KINDS, MACRO, Bits, Judge


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of some models, by row."""

    title: str
    figures: Mapping[str, Mapping[str, float]]
    """Of each model its figures; a model may lack some rows."""

    @property
    def rows(self) -> list[str]:
        """Names of all rows, in the order they come up."""
        return list(dict.fromkeys(row for column in self.figures.values() for row in column))

    def naming(self, model: str, name: str) -> Table:
        """The same with one of the models called by another name."""
        figures = {name if key == model else key: column for key, column in self.figures.items()}
        return replace(self, figures=figures)

    def text(self) -> str:
        """For a terminal: a column for each model."""
        width = max(map(len, [self.title, *self.rows]))
        heads = [f"{model:>{_room(model)}}" for model in self.figures]
        lines = [_line(self.title, heads, width)]
        for row in self.rows:
            cells = [_cell(column.get(row), _room(m)) for m, column in self.figures.items()]
            lines.append(_line(row, cells, width))
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All tables of one evaluation."""

    by_collection: Table
    by_kind: Table
    playing: Sections = field(default_factory=dict)
    """What was said of what a model played."""

    def naming(self, model: str, name: str) -> Evaluation:
        """The same with one of the models called by another name."""
        whole, kinds = (t.naming(model, name) for t in (self.by_collection, self.by_kind))
        return Evaluation(whole, kinds, self.playing)

    def text(self) -> str:
        """For a terminal."""
        tables = [self.by_collection.text(), self.by_kind.text()]
        return "\n\n".join([*tables, *([targets.text(self.playing)] if self.playing else [])])

    def json(self, **known: str | float) -> str:
        """One line: what is `known`, `models` with the bits per note of each, sections by name."""
        models = {
            model: {
                "macro_bits_per_note": column[MACRO],
                "by_collection": {row: bits for row, bits in column.items() if row != MACRO},
                "by_kind": self.by_kind.figures[model],
            }
            for model, column in self.by_collection.figures.items()
        }
        return json.dumps({**known, "models": models, **self.playing})


def evaluate(
    judges: Mapping[str, Judge], corpus: Corpus, step: Callable[[], None] = lambda: None
) -> Evaluation:
    """Let every judge hear every piece, in the corpus' order; `step` is called after each piece."""
    found: dict[str, list[tuple[str, Bits]]] = {name: [] for name in judges}
    for piece in corpus.pieces:
        for name, judge in judges.items():
            found[name].append((piece.collection, judge(corpus, piece)))
        step()
    whole = {
        name: _by_collection((c, bits.per_note) for c, bits in of) for name, of in found.items()
    }
    kinds = {name: _by_kind(of) for name, of in found.items()}
    return Evaluation(
        Table("bits per note", whole),
        Table("bits per note, macro", kinds),
    )


def _by_collection(figures: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Means of the pieces of each collection, and of those; from collection and figure of each."""
    groups: dict[str, list[float]] = {}
    for collection, figure in figures:
        groups.setdefault(collection, []).append(figure)
    means = {name: fmean(groups[name]) for name in sorted(groups)}
    return means | {MACRO: fmean(means.values())}


def _by_kind(found: list[tuple[str, Bits]]) -> dict[str, float]:
    """Of each kind of token the bits per note, mean of the collections."""
    means = {}
    for kind in KINDS:
        each = ((c, bits.by_kind[kind] / max(1, bits.notes)) for c, bits in found)
        means[kind] = _by_collection(each)[MACRO]
    return means


def _room(model: str) -> int:
    return max(9, len(model) + 2)


def _cell(value: float | None, room: int) -> str:
    return f"{'–':>{room}}" if value is None else f"{value:>{room}.2f}"


def _line(name: str, cells: Iterable[str], width: int) -> str:
    return f"{name:<{width}}{''.join(cells)}"
