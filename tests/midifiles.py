"""MIDI files written for tests, with symusic, which is not ours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import symusic

from antiphon.engine.notes import DRUMS, Note


def written(path: Path, notes: Sequence[Note], pedals: Iterable[tuple[int, int]] = ()) -> Path:
    """A file with a track for each instrument, and the pedal held for (begin, length) in each."""
    score = symusic.Score(48)
    for instrument in sorted({n.instrument for n in notes}):
        track = symusic.Track(program=min(8 * instrument, 127), is_drum=instrument == DRUMS)
        for n in notes:
            if n.instrument == instrument:
                track.notes.append(symusic.Note(n.onset, n.length, n.pitch, n.velocity))
        for begin, length in pedals:
            track.controls.append(symusic.ControlChange(begin, 64, 127))
            track.controls.append(symusic.ControlChange(begin + length, 64, 0))
        score.tracks.append(track)
    path.parent.mkdir(parents=True, exist_ok=True)
    score.dump_midi(path)
    return path
