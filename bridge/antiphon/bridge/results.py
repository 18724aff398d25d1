"""The files a conversation leaves behind: MIDI, WAV and a picture, each whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from antiphon.engine.errors import FileRefused

from . import midifile, picture, render, wave
from .recording import Recording

METRE = (4, 4)
"""What bars are drawn and written as when the music was played free."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A recording and how to write it down."""

    recording: Recording
    tempo_bpm: float
    metre: tuple[int, int] = METRE
    title: str = "Antiphon"


def save(
    piece: Piece, folder: Path, stem: str, tell: Callable[[str], None] = lambda _: None
) -> list[Path]:
    """Write `<stem>-<n>.mid`, `.wav` and `.png` under the next free number; returns the paths.

    Raises FileRefused if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{folder} cannot be made ({error.strerror}).") from None
    base = _free(folder, stem)
    paths = [base.with_suffix(suffix) for suffix in (".mid", ".wav", ".png")]
    for path in paths:
        tell(f"{path}{write(piece, path, tell)}")
    return paths


def write(piece: Piece, path: Path, tell: Callable[[str], None] = lambda _: None) -> str:
    """Write one file of the kind its suffix names; returns what is worth adding, or nothing.

    Raises FileRefused for other suffixes, and for what cannot be written.
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
    rendered = render.render(tracks, piece.tempo_bpm, programs, tell=tell)
    wave.write(path, rendered.samples, render.RATE_HZ)
    return f"  ({rendered.voice})"


def _png(piece: Piece, path: Path, tell: Callable[[str], None]) -> str:
    tracks = piece.recording.tracks()
    picture.draw(path, tracks, tempo_bpm=piece.tempo_bpm, metre=piece.metre, title=piece.title)
    return ""


_WRITERS = {".mid": _midi, ".midi": _midi, ".wav": _wav, ".png": _png}


def _free(folder: Path, stem: str) -> Path:
    taken = {path.stem for path in folder.iterdir()}
    number = next(n for n in range(1, 10**6) if f"{stem}-{n}" not in taken)
    return folder / f"{stem}-{number}"
