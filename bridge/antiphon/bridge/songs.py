"""Melodies whose phrase ends are known, and how a person would play them.

The truth is the poem that is sung: a note at whose end the poet puts a full stop or the like, and
after which the singer rests, is an end. A rest without any mark is none. Commas count neither way.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from antiphon.engine.errors import FileRefused

from .melody import Melody, Place
from .turns import Turn

TICKS = 48
"""Ticks a quarter."""
USUAL_BPM = 92.0
"""For songs that say none: the median of those that do."""
SPREAD_S = 0.02
DRIFT = 0.05
DRIFT_QUARTERS = 15.0, 40.0
"""Every event is up to 20 ms early or late; the tempo swings by 5 %, once in so many quarters."""
END_TICKS = TICKS // 2
"""A strong mark with a shorter rest than this is not an end that anybody could answer."""
NEVER_S = 30.0
"""The silence after a song."""
SHORTEST_SILENCE_S = 0.1
"""Nobody takes over in a shorter one."""
PARTS = 5
"""Composers are dealt by a hash: who judges one part has learnt from the others."""
_DAMAGED = (
    EOFError, lzma.LZMAError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Song:
    """One melody, and what its poem says of it."""

    name: str
    composer: str
    bpm: float
    bar: float
    """Quarters a bar."""
    notes: tuple[tuple[int, int, int], ...]
    """(onset, length, pitch) in ticks, one after the other."""
    marks: dict[int, str]
    """strong, weak or none, by index of the note."""

    @property
    def part(self) -> int:
        """Which of the `PARTS` its composer belongs to."""
        return hashlib.sha256(self.composer.encode()).digest()[0] % PARTS

    def ends(self, index: int) -> bool | None:
        """Whether a note that silence follows ends a phrase; None counts neither way."""
        mark = self.marks.get(index, "none")
        if mark == "none":
            return False
        onset, length, _ = self.notes[index]
        after = self.notes[index + 1 : index + 2]
        answerable = not after or after[0][0] - onset - length >= END_TICKS
        return True if mark == "strong" and answerable else None


class Silence(NamedTuple):
    """A silence, while it lasts."""

    seconds: float
    ends: bool | None
    melody: Melody
    turn: Turn


def read(path: Path) -> list[Song]:
    """Songs of an .xz file of one JSON object a line. [may block]

    FileRefused if it cannot be read.
    """
    try:
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            return [_song(json.loads(line)) for line in lines]
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    except _DAMAGED as error:
        raise FileRefused(f"{path} holds no melodies with their ends: {error}.") from error


def _song(line: dict[str, Any]) -> Song:
    beats, value = (line["metre"] or "4/4").split("/")
    return Song(
        line["id"],
        line["composer"],
        line["qpm"] or USUAL_BPM,
        int(beats) * 4 / int(value),
        tuple((onset, length, pitch) for onset, length, pitch in line["notes"]),
        {end["note"]: end["mark"] for end in line["ends"]},
    )


def played(song: Song, *, bars: bool, seed: int = 0) -> Iterator[Silence]:
    """Play a song to a fresh turn; yields at each silence, before it is over.

    With `bars` the turn is told where in the bars each note begins. A silence is the time from the
    end of a note to the beginning of the next, some 30 s behind the last.
    """
    melody = Melody()
    turn = Turn(melody)
    times = list(_times(song, seed))
    for i, (on, off, place) in enumerate(times):
        key = 0, song.notes[i][2]
        turn.strike(round(on * 1e9), key, place if bars else None)
        turn.let_go(round(off * 1e9), key)
        seconds = times[i + 1][0] - off if i + 1 < len(times) else NEVER_S
        ends = song.ends(i)
        if ends or seconds > SHORTEST_SILENCE_S:
            yield Silence(seconds, ends, melody, turn)


def _times(song: Song, seed: int) -> Iterator[tuple[float, float, Place]]:
    """When a person strikes and leaves each note, in seconds, and where in the bars that is."""
    chance = Random(f"{seed} {song.name}")
    beat = 60 / song.bpm
    phase, period = chance.uniform(0, 2 * pi), chance.uniform(*DRIFT_QUARTERS)

    def at(tick: int) -> float:
        # The integral of a tempo that swings by DRIFT.
        quarters = tick / TICKS
        return beat * (
            quarters + DRIFT * period / (2 * pi) * sin(2 * pi * quarters / period + phase)
        )

    before = float("-inf")
    for onset, length, _ in song.notes:
        spread = chance.uniform(-SPREAD_S, SPREAD_S)
        on = max(at(onset) + spread, before + 0.001)
        off = max(at(onset + length) + chance.uniform(-SPREAD_S, SPREAD_S), on + SPREAD_S)
        yield on + 60, off + 60, Place(onset / TICKS + spread / beat, song.bar, round(beat * 1e9))
        before = on
