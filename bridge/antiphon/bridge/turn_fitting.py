"""Fits the judge of a turn to melodies whose phrase ends are known. NumPy alone.

The loss is the chance given to what happened: whether it was an end, and how long the silence was.
Of silences that count neither way only the length is learnt, at half weight.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .cues import FREE, cues
from .judge import LIMIT, WAITS_MS, Floats, Ints, Network
from .shown import moment
from .songs import Silence, Song, played
from .turns import FEWEST_TONES
from .wholefile import put_whole

HIDDEN = 16
EPOCHS = 40
BATCH = 256
RATE = 4e-3
DECAY = 0.1
DROPPED_CUES, DROPPED = 0.1, 0.25
UNCOUNTED = 0.5
KINDS = ("free", "bars")
DIGITS = 4
LENGTHS = len(WAITS_MS) + 1


class Rows(NamedTuple):
    """Silences with what was heard before them, and what came of them."""

    cues: Floats
    """(N, cues), of bars too."""
    ends: Ints
    """(N,): 1 an end, 0 none, -1 counts neither way."""
    ms: Floats
    """(N,): how long each was."""
    paced_ms: Floats
    """(N,): how long pace alone would wait where too little was heard to judge, else nan."""
    parts: Ints
    """(N,): part of the composers."""
    moments: Floats
    """(N, 6): see `shown.Moment`."""
    songs: Ints
    """(N,): which song, ascending."""

    def where(self, these: NDArray[np.bool_]) -> Rows:
        """Some of the rows."""
        return Rows(
            self.cues[these],
            self.ends[these],
            self.ms[these],
            self.paced_ms[these],
            self.parts[these],
            self.moments[these],
            self.songs[these],
        )


def rows(songs: Sequence[Song], tell: Callable[[str], None] = lambda _: None) -> Rows:
    """Every silence of songs, of which there must be one, as a person plays them. [may block]"""
    found = []
    for done, song in enumerate(songs):
        found += [
            (
                cues(s.melody),
                -1 if s.ends is None else s.ends,
                s.seconds * 1000,
                _paced(s),
                song.part,
                moment(s.melody),
                done,
            )
            for s in played(song, bars=True)
        ]
        if done % 100 == 0:
            tell(f"{done} of {len(songs)} songs are played.")
    return Rows(*(np.array(column) for column in zip(*found, strict=True)))


def _paced(silence: Silence) -> float:
    melody = silence.melody
    # Asked only of those: else the shipped weights would be needed to fit others.
    over_ns = silence.turn.over_at_ns if melody.count < FEWEST_TONES else None
    return float("nan") if over_ns is None else (over_ns - melody.ends_ns) / 1e6


def of_kind(cues: Floats, kind: str) -> Floats:
    """The cues that a kind of network reads."""
    return cues if kind == "bars" else cues[..., : len(FREE)]


def learnt(cues: Floats, rows: Rows, seed: int = 0) -> Network:
    """A network that has learnt from cues (N, any) what came of rows. [may block]"""
    chance = np.random.default_rng(seed)
    mean, scale = cues.mean(0), cues.std(0) + 1e-6
    given = np.clip((cues - mean) / scale, -LIMIT, LIMIT)
    told = _told(rows)
    weights = _begun(given.shape[1], chance)
    adam = Adam(weights, EPOCHS * (len(given) // BATCH))
    for _ in range(EPOCHS):
        order = chance.permutation(len(given))
        for at in range(0, len(given) - BATCH + 1, BATCH):
            batch = order[at : at + BATCH]
            adam.step(_slopes(weights, given[batch], told[batch], chance))
    return Network(mean, scale, *weights)


def write(networks: Mapping[str, Network], path: Path) -> None:
    """Keep networks by kind as the judge reads them. [may block]"""
    table = {
        kind: {name: np.round(values, DIGITS).tolist() for name, values in asdict(net).items()}
        for kind, net in networks.items()
    }
    put_whole(path, (json.dumps(table, separators=(",", ":")) + "\n").encode())


class Adam:
    """Adam with decoupled decay and a cosine to nothing; changes the weights in place."""

    def __init__(self, weights: Sequence[Floats], steps: int) -> None:
        self._weights, self._steps, self._done = weights, steps, 0
        self._mean = [np.zeros_like(weight) for weight in weights]
        self._square = [np.zeros_like(weight) for weight in weights]

    def step(self, slopes: Sequence[Floats]) -> None:
        """Go down so steep a slope."""
        rate = RATE * (1 + np.cos(np.pi * self._done / self._steps)) / 2
        self._done += 1
        fresh = 1 - 0.9**self._done, 1 - 0.999**self._done
        for weight, slope, mean, square in zip(
            self._weights, slopes, self._mean, self._square, strict=True
        ):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope**2 - square)
            weight *= 1 - rate * DECAY
            weight -= rate * (mean / fresh[0]) / (np.sqrt(square / fresh[1]) + 1e-8)


def _begun(cues: int, chance: np.random.Generator) -> list[Floats]:
    shapes = (cues + 1, HIDDEN), (HIDDEN + 1, 2 * LENGTHS)
    return [chance.uniform(-1, 1, shape) / shape[0] ** 0.5 for shape in shapes]


def _told(rows: Rows) -> Floats:
    """What is known of each row (N, 2 LENGTHS): one outcome, or two where it counts neither way."""
    told = np.zeros((len(rows.ends), 2, LENGTHS))
    lengths, row = np.searchsorted(WAITS_MS, rows.ms), np.arange(len(rows.ends))
    told[row, 0, lengths] = rows.ends < 1
    told[row, 1, lengths] = np.abs(rows.ends)
    return told.reshape(len(rows.ends), -1)


def _slopes(
    weights: Sequence[Floats], given: Floats, told: Floats, chance: np.random.Generator
) -> list[Floats]:
    """Slopes of minus the mean logarithm of the chance given to what is known."""
    hidden, out = weights
    given = _thinned(given, DROPPED_CUES, chance)
    inner = np.tanh(given @ hidden[:-1] + hidden[-1])
    kept = _thinned(np.ones_like(inner), DROPPED, chance)
    chances = _softmax((inner * kept) @ out[:-1] + out[-1])
    known = chances * told
    off = chances - known / known.sum(1, keepdims=True)
    off *= np.where(told.sum(1, keepdims=True) > 1, UNCOUNTED, 1.0) / len(given)
    back = (off @ out[:-1].T) * kept * (1 - inner**2)
    return [
        np.vstack([given.T @ back, back.sum(0)]),
        np.vstack([(inner * kept).T @ off, off.sum(0)]),
    ]


def _thinned(values: Floats, share: float, chance: np.random.Generator) -> Floats:
    return values * (chance.random(values.shape) >= share) / (1 - share)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))
