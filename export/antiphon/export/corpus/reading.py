"""Music files to tables of notes: the pedal folded in, doubles merged, overlaps cut.

MIDI is read by symusic, MusicXML by `musicxml`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import symusic

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT

from . import musicxml
from .table import DEFAULT_BPM, EMPTY, Heading, Ints, merged

MIDI = frozenset({".mid", ".midi", ".kar"})
SCORES = frozenset({".musicxml", ".xml", ".mxl"})
SUFFIXES = MIDI | SCORES

LATEST = 2**31
"""Ticks that are kept in 32 bits; only broken files have more."""


def read_notes(path: Path) -> tuple[Ints, Heading]:
    """Notes of a file, which may be none, and its heading.

    Raises FileRefused with the reason alone: whoever reads many files names them.
    """
    content = _content(path)
    if path.suffix.lower() in SCORES:
        return musicxml.read(content)
    score = _score(content)
    tracks = [_table(track, score) for track in score.tracks if len(track.notes)]
    notes = merged(np.concatenate(tracks)) if tracks else EMPTY
    if len(notes) and notes[-1, 0] > LATEST:
        raise FileRefused("its notes are days apart")
    return notes, _heading(score)


def read_tracks(path: Path) -> tuple[list[Ints], Tempos]:
    """Notes of each track of a MIDI file, empty ones too, and its tempos; FileRefused as above."""
    score = _score(_content(path))
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    tempos = [(tempo.time * scale, tempo.qpm) for tempo in score.tempos]
    return [_table(track, score) for track in score.tracks], Tempos(tempos)


class Tempos:
    """The tempos of a file: where a moment lies in beats."""

    def __init__(self, changes: Sequence[tuple[float, float]]) -> None:
        """`changes` are tick and beats a minute, in order; before the first its tempo holds too."""
        self._ticks, self._bpm = np.array(changes or [(0.0, DEFAULT_BPM)], float).T
        self._ticks[0] = 0.0
        per_tick = 60 / self._bpm / TICKS_PER_BEAT
        self._seconds = np.r_[0.0, np.cumsum(np.diff(self._ticks) * per_tick[:-1])]

    @property
    def bpm(self) -> float:
        """The first tempo."""
        return float(self._bpm[0])

    def ticks_at(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Ticks, with fractions, that lie so many seconds after the beginning; before it too."""
        at = np.maximum(np.searchsorted(self._seconds, seconds, side="right") - 1, 0)
        passed = (seconds - self._seconds[at]) * self._bpm[at] / 60 * TICKS_PER_BEAT
        return np.asarray(self._ticks[at] + passed, np.float64)


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FileRefused(error.strerror or "cannot be opened") from None
    if not content:
        raise FileRefused("the file is empty")
    return content


def _score(content: bytes) -> Any:
    try:
        return symusic.Score.from_midi(content)
    except (RuntimeError, ValueError):
        raise FileRefused("not a MIDI file, or a broken one") from None


def _heading(score: Any) -> Heading:
    metres = {(s.numerator, s.denominator) for s in score.time_signatures}
    bpm = score.tempos[0].qpm if len(score.tempos) else DEFAULT_BPM
    return Heading(bpm, metres.pop() if len(metres) == 1 else None)


def _table(track: Any, score: Any) -> Ints:
    notes = _columns(track) if len(track.notes) else EMPTY.copy()
    scale = TICKS_PER_BEAT / score.ticks_per_quarter
    notes[:, 0] = np.floor(notes[:, 0] * scale + 0.5)
    notes[:, 3] = np.maximum(np.floor(notes[:, 3] * scale + 0.5), notes[:, 0] + 1)
    return notes


def _columns(track: Any) -> Ints:
    data = track.notes.numpy()
    onset = data["time"].astype(np.int64)
    end = onset + data["duration"].astype(np.int64)
    instrument = DRUMS if track.is_drum else track.program // 8
    if instrument != DRUMS:
        end = _pedalled(end, track.pedals)
    whose = np.full_like(onset, instrument)
    columns = [onset, whose, data["pitch"], end, np.maximum(data["velocity"], 1)]
    return np.stack([c.astype(np.int64) for c in columns], axis=1)


def _pedalled(end: Ints, pedals: Any) -> Ints:
    """Ends moved to where the pedal that covers them goes up."""
    if not len(pedals):
        return end
    data = pedals.numpy()
    down = data["time"].astype(np.int64)
    up = down + data["duration"].astype(np.int64)
    at = np.searchsorted(down, end, side="right") - 1
    covered = (at >= 0) & (end < up[at])
    return np.where(covered, up[at], end)
