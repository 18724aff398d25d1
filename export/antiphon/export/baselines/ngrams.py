"""Counting what follows what: interpolated modified Kneser–Ney over hashed n-grams.

    p_n(w | c) = share(c w) + rest(c) · p_{n-1}(w | c without its oldest symbol)

`share` is what is left of an n-gram's count after a discount, over the counts of its context;
`rest` is what the discounts took. Shorter n-grams count in how many surroundings they were met, not
how often. Of each length there is one sorted array of hashes (64 bits, newest symbol first) with
both numbers beside it, so learning is sorting and judging is searching. Knows no music.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

LONGEST = 9
"""Symbols in the longest n-gram: a context of 8, and what follows."""
SELDOM = 2
"""Contexts met less often are left to shorter ones: half the memory, and a better judgement."""
SEED = np.uint64(0x9E3779B97F4A7C15)
FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of symbols laid end to end. Each begins with a mark, which nothing predicts."""

    symbols: Ints
    place: Ints
    """Of each symbol in its line; 0 is the mark's."""

    @classmethod
    def of(cls, lines: Sequence[Ints]) -> Lines:
        """At least one line, each of at least its mark."""
        place = np.concatenate([np.arange(len(line)) for line in lines])
        return cls(np.concatenate(lines).astype(np.int64), place)

    def hashes(self) -> Iterator[Hashes]:
        """Of the last 0, 1, 2, … symbols up to each; past the beginning of a line they are void."""
        keys = np.full(len(self.symbols), SEED)
        symbols = self.symbols.astype(np.uint64)
        while True:
            yield keys
            keys = (keys ^ symbols) * FACTORS[0]
            keys ^= keys >> np.uint64(29)
            keys *= FACTORS[1]
            keys ^= keys >> np.uint64(32)
            symbols = np.roll(symbols, 1)


class Level(NamedTuple):
    """All n-grams of one length."""

    keys: Hashes
    """Ascending."""
    share: npt.NDArray[np.float32]
    rest: npt.NDArray[np.float32]
    """Of the n-gram as a context of the next length; 1 where it is none."""

    def find(self, keys: Hashes) -> tuple[Ints, npt.NDArray[np.bool_]]:
        """Index of each key, and whether it is really there."""
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return at, self.keys[at] == keys


class Ngrams(NamedTuple):
    """What was learnt: levels of n-grams of 1, 2, … symbols, over symbols 0 to `n_symbols` - 1."""

    n_symbols: int
    rest: float
    """What single symbols leave to those that were never met."""
    levels: tuple[Level, ...]

    def likelihoods(self, lines: Lines) -> Floats:
        """Probability of each symbol given those before it in its line; 1 for marks."""
        p = np.full(len(lines.symbols), self.rest / self.n_symbols)
        hashes = lines.hashes()
        shorter = next(hashes)
        for n, level in enumerate(self.levels, start=1):
            keys = next(hashes)
            here = np.flatnonzero(lines.place >= max(1, n - 1))
            if n > 1:
                context = self.levels[n - 2]
                at, known = context.find(shorter[here - 1])
                p[here] *= np.where(known, context.rest[at], 1)
            at, known = level.find(keys[here])
            p[here] += np.where(known, level.share[at], 0)
            shorter = keys
        p[lines.place == 0] = 1
        return p


def quietly() -> None:
    """Tell nobody that a step is done."""


def learn(
    lines: Lines, n_symbols: int, longest: int = LONGEST, step: Callable[[], None] = quietly
) -> Ngrams:
    """Count all n-grams up to the longest; `step` is called after each length."""
    levels: list[Level] = []
    longer, rests = None, _Rests(np.empty(0, np.uint64), np.empty(0))
    for n in range(min(longest, int(lines.place.max()) + 1), 0, -1):
        shorter, own = islice(lines.hashes(), n - 1, n + 1)
        grams = _counted(lines, n, own, longer)
        longer = grams.at
        levels[:0], rests = _level(grams, shorter[grams.at - 1], rests)
        step()
    return Ngrams(n_symbols, float(rests.rest[0]), tuple(levels))


class _Grams(NamedTuple):
    """All n-grams of one length that were met."""

    keys: Hashes
    at: Ints
    """Index of a place in the lines where each ends."""
    often: Ints
    counts: Ints
    """What Kneser–Ney counts: surroundings, but occurrences of the longest and of beginnings."""


class _Rests(NamedTuple):
    """What contexts leave to shorter ones."""

    keys: Hashes
    rest: Floats


def _counted(lines: Lines, n: int, own: Hashes, longer: Ints | None) -> _Grams:
    """N-grams by their hashes; `longer` is where those of one symbol more stand."""
    whole = np.flatnonzero(lines.place >= n - 1)
    order = whole[np.argsort(own[whole])]
    first = np.flatnonzero(np.r_[True, own[order[1:]] != own[order[:-1]]])
    at, often = order[first], np.diff(first, append=len(order))
    keys = own[at]
    count = often
    if longer is not None:
        count = np.bincount(np.searchsorted(keys, own[longer]), minlength=len(keys))
        count = np.where(lines.place[at] == n - 1, often, count)
    return _Grams(keys, at, often, np.where(lines.place[at] == 0, 0, count))


def _level(grams: _Grams, contexts: Hashes, rests: _Rests) -> tuple[list[Level], _Rests]:
    """Shares of n-grams and what their contexts leave; contexts met but once are left out.

    There is no level of n-grams whose contexts were all left out.
    """
    keys, which = np.unique(contexts, return_inverse=True)
    off = discounts(grams.counts)[np.minimum(grams.counts, 3)]
    total = np.bincount(which, grams.counts)
    rest = np.bincount(which, off) / np.maximum(total, 1)
    share = (grams.counts - off) / np.maximum(total, 1)[which]
    kept = (np.bincount(which, grams.often) >= SELDOM) & (total > 0)
    mine = kept[which]
    own = grams.keys[mine]
    left = np.ones(len(own), np.float32)
    left[np.searchsorted(own, rests.keys)] = rests.rest
    level = Level(own, share[mine].astype(np.float32), left)
    return [level] if len(own) else [], _Rests(keys[kept], rest[kept])


def discounts(count: Ints) -> Floats:
    """What counts of 0, 1, 2, and 3 or more are lessened by (Chen and Goodman)."""
    n1, n2, n3, n4 = (max(1, int((count == k).sum())) for k in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
    return np.array([0.0, *(min(max(d, 0.1), k) for k, d in enumerate(found, start=1))])


def packed(name: str, ngrams: Ngrams) -> dict[str, npt.NDArray[Any]]:
    """Arrays to save, their names beginning with `name`."""
    arrays: dict[str, npt.NDArray[Any]] = {
        f"{name}.about": np.array([ngrams.n_symbols, ngrams.rest])
    }
    for n, level in enumerate(ngrams.levels, start=1):
        arrays |= {f"{name}.{n}.{field}": array for field, array in level._asdict().items()}
    return arrays


def unpacked(name: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Ngrams:
    """The n-grams whose arrays `packed` gave under that name; KeyError if there are none."""
    n_symbols, rest = arrays[f"{name}.about"].tolist()
    n_levels = sum(key.startswith(f"{name}.") for key in arrays) // len(Level._fields)
    levels = (
        Level(*(arrays[f"{name}.{n}.{field}"] for field in Level._fields))
        for n in range(1, n_levels + 1)
    )
    return Ngrams(int(n_symbols), rest, tuple(levels))
