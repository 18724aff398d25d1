"""The files a conversation leaves behind: MIDI, WAV and a picture, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from antiphon.engine.errors import FileRefused

from . import midifile, picture, render, wave
from .config import Clock, Settings
from .ending import wish_to_end
from .grid import COMMON_TIME
from .recording import Recording
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
        timeline, tick = self.recording.timeline, self.recording.tick
        return (timeline.time_at(tick) - timeline.time_at(0)) / 1e9


def conversation(recording: Recording, settings: Settings, title: str) -> Piece:
    """What was played under these settings; by somebody else's clock, at its latest tempo."""
    own = settings.clock is Clock.INTERNAL
    tempo_bpm = settings.tempo_bpm if own else round(recording.timeline.bpm, 3)
    return Piece(recording, tempo_bpm, settings.metre or COMMON_TIME, title)


def save(
    piece: Piece, folder: Path, stem: str, tell: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write `<stem>-<n>.mid`, `.png` and `.wav` under the next free number; returns the paths.

    What takes long comes last, and is left out if someone wants an end of it. [main thread]
    Raises FileRefused if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{folder} cannot be made ({error.strerror}).") from None
    base = free(folder, stem)
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
        tempo_bpm=piece.tempo_bpm,
        metre=piece.metre,
        programs=recording.programs,
        pedals=recording.pedals_from_start(),
    )
    return ""


def _wav(piece: Piece, path: Path, tell: Callable[[str], None]) -> str:
    tracks, programs = piece.recording.tracks(), piece.recording.programs
    with wish_to_end() as wish:
        rendered = render.render(tracks, piece.tempo_bpm, programs, tell=tell, heed=wish.heed)
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
