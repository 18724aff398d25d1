"""The files a conversation leaves behind: MIDI, WAV and a picture, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from antiphon.engine.errors import FileRefused

from . import folders, midifile, picture, render, wave
from .config import Clock, Settings
from .ending import wish_to_end
from .grid import COMMON_TIME, Bars
from .recording import Recording
from .tempo_map import BPM_OF_MS
from .wholefile import put_whole


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording and how to write it down."""

    recording: Recording
    tempo_bpm: float
    metre: tuple[int, int] = COMMON_TIME
    title: str = "Antiphon"
    file: bytes | None = None
    """The MIDI file, where it is to be more than what the recording says."""

    @property
    def seconds(self) -> float:
        """Length of the music."""
        return self.recording.tempos.ns_at(self.recording.tick - self.recording.origin) / 1e9


def conversation(recording: Recording, settings: Settings, title: str) -> Piece:
    """What was played under these settings: from a bar line on, where there are bars.

    By somebody else's clock its tempo is the latest; how it went is in the recording.
    """
    own, metre = settings.clock is Clock.INTERNAL, settings.metre or COMMON_TIME
    if settings.clock in (Clock.MIDI, Clock.LINK) or (own and settings.metre):
        recording = recording.since(recording.bar_line(recording.first, settings.bars.bar_ticks))
    tempo_bpm = settings.tempo_bpm if own else round(recording.timeline.bpm, 3)
    return Piece(recording, tempo_bpm, metre, title)


def save(
    piece: Piece, folder: Path, stem: str, tell: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write `<stem>-<n>.mid`, `.png` and `.wav` under the next free number; returns the paths.

    What takes long comes last, and is left out if someone wants an end of it. [main thread]
    Raises FileRefused if the folder cannot be written.
    """
    base = free(folders.made(folder), stem)
    kept: list[Path] = []
    for path in (base.with_suffix(suffix) for suffix in (".mid", ".png", ".wav")):
        try:
            tell(f"{path}{write(piece, path, tell)}")
        except KeyboardInterrupt:
            tell(f"{path} is left out.")
        else:
            kept.append(path)
    return kept


def write(piece: Piece, path: Path, tell: Callable[[str], None] = lambda _: None) -> str:
    """Write one file of the kind its suffix names; returns what is worth adding, or nothing.

    Raises FileRefused for other suffixes, and for what cannot be written; KeyboardInterrupt, with
    nothing written, where a signal wants an end of a long rendering. [main thread]
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        known = ", ".join(sorted(_WRITERS))
        raise FileRefused(f"{path.name}: Antiphon writes {known}, not {path.suffix or 'that'}.")
    return writer(piece, path, tell)


def check_target(path: Path) -> None:
    """Raise FileRefused now rather than after the work if `path` can never be written."""
    if path.suffix.lower() not in _WRITERS:
        known = ", ".join(sorted(_WRITERS))
        raise FileRefused(f"{path.name}: Antiphon writes {known}, not {path.suffix or 'that'}.")
    if not path.parent.is_dir():
        raise FileRefused(f"{path.parent} is no folder; make it first.")


def _midi(piece: Piece, path: Path, tell: Callable[[str], None]) -> str:
    if piece.file is not None:
        put_whole(path, piece.file)
        return ""
    recording = piece.recording
    midifile.write(
        path,
        recording.tracks(),
        tempos=recording.tempos,
        metre=piece.metre,
        programs=recording.programs,
        pedals=recording.pedals_from_start(),
        bars_anew=recording.bars_anew(Bars(piece.metre).bar_ticks),
    )
    return ""


def _wav(piece: Piece, path: Path, tell: Callable[[str], None]) -> str:
    tracks, programs = piece.recording.tracks(), piece.recording.programs
    tempos, tempo_bpm = piece.recording.tempos, piece.recording.tempos.bpm
    if len(tempos.tempos) > 1:
        tracks, tempo_bpm = {part: tempos.in_ms(tracks[part]) for part in tracks}, BPM_OF_MS
    with wish_to_end() as wish:
        rendered = render.render(tracks, tempo_bpm, programs, tell=tell, heed=wish.heed)
        wave.write(path, rendered.samples, render.RATE_HZ, wish.heed)
    return f"  ({rendered.voice})"


def _png(piece: Piece, path: Path, tell: Callable[[str], None]) -> str:
    tracks = piece.recording.tracks()
    picture.draw(path, tracks, tempo_bpm=piece.tempo_bpm, metre=piece.metre, title=piece.title)
    return ""


_WRITERS = {".mid": _midi, ".midi": _midi, ".wav": _wav, ".png": _png}


def free(folder: Path, stem: str) -> Path:
    """`<stem>-<n>` under the next free number, without a suffix. [may block]"""
    taken = {path.stem for path in folder.iterdir()}
    number = next(n for n in range(1, 10**6) if f"{stem}-{n}" not in taken)
    return folder / f"{stem}-{number}"
