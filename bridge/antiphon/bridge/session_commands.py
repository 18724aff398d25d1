"""The commands about what was recorded: sessions, save, replay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from antiphon.engine.errors import FileRefused

from . import folders, journal, results, sessions
from .latest import Length, latest
from .recording import ANSWER, PLAYER, Recording
from .replay import recorded
from .replay import replay as play_again

Name = Annotated[
    str | None, typer.Argument(help="Name of a session, or the file (default: the latest).")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object as last line.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the one `antiphon`."""
    for command in (list_sessions, save, replay):
        app.command("sessions" if command is list_sessions else None)(command)


@dataclass(frozen=True, slots=True)
class Told:
    """What the list says of a session."""

    name: str
    at: str
    seconds: float
    played: int
    answered: int
    running: bool

    def text(self) -> str:
        """One line for a person."""
        at = datetime.fromisoformat(self.at).strftime("%d %B %Y, %H:%M")
        minutes, seconds = divmod(round(self.seconds), 60)
        now = "  (running)" if self.running else ""
        notes = f"{self.played:6} notes played, {self.answered:6} answered"
        return f"{self.name}  {at}  {minutes:3}:{seconds:02}  {notes}{now}"


def list_sessions(as_json: AsJson = False) -> None:
    """List what was recorded, the latest first.

    Example: antiphon sessions
    """
    place = sessions.folder()
    told = _told(place)
    if as_json:
        facts = [{n: getattr(one, n) for n in Told.__slots__} for one in told]
        typer.echo(json.dumps({"folder": str(place), "sessions": facts}))
        return
    none = True
    for one in told:
        none = False
        typer.echo(one.text())
    if none:
        typer.echo(f"No session was recorded so far; they will be in {place}.")


def save(
    name: Name = None,
    last: Annotated[
        str, typer.Option(help="How much of it: 16bars, 30s, or all.", metavar="LENGTH")
    ] = "all",
    target: Annotated[
        Path | None, typer.Option("--to", help="File to write: .mid, .wav or .png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write what was played and answered into a file, even while it is still being played.

    Example: antiphon save --last 16bars --to idea.mid
    """
    length = Length.parse(last)
    path, read = _read(name)
    target = target or _free(path)
    results.check_target(target)
    piece = recorded(read)
    if not piece.recording.end:
        raise FileRefused(f"Nothing was played in the session {path.stem}.")
    recording = latest(piece.recording, length, piece.metre)
    cut = results.Piece(recording, piece.tempo_bpm, piece.metre, piece.title)
    results.write(cut, target, lambda text: typer.echo(text, err=True))
    if read.cut and not sessions.in_use(path):
        typer.echo(f"The last {read.cut} bytes of {path.name} cannot be read.", err=True)
    _tell(target, recording, {}, as_json)


def replay(
    name: Name = None,
    target: Annotated[
        Path | None, typer.Option("--to", help="File to write: .mid, .wav or .png.")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="Folder of another model.", exists=True, file_okay=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Play a session again faster than it was, and say whether the same notes come of it.

    Example: antiphon replay --to again.mid
    """
    if target:
        results.check_target(target)
    path, read = _read(name)
    again = play_again(read, bundle, lambda text: typer.echo(text, err=True))
    if target:
        results.write(again.piece, target, lambda text: typer.echo(text, err=True))
    facts = {"session": path.stem, "differing": again.differing, "reasons": again.reasons}
    _tell(target, again.piece.recording, facts, as_json)
    if not as_json:
        same = f"{again.differing} are not as they were" if again.differing else "as they were"
        typer.echo(" ".join([f"Notes of the answers: {same}.", *again.reasons]))


def _told(place: Path) -> Iterator[Told]:
    for path in sessions.newest_first(place):
        read = journal.read(path.read_bytes())
        if read is not None:
            figures = journal.figures(read)
            yield Told(path.stem, read.began.at, *figures, running=sessions.in_use(path))


def _read(name: str | None) -> tuple[Path, journal.Journal]:
    path = sessions.find(sessions.folder(), name)
    try:
        read = journal.read(path.read_bytes())
    except OSError as error:
        raise FileRefused(f"{path} cannot be read ({error.strerror}).") from None
    if read is None:
        raise FileRefused(f"{path} is no recorded session, or its beginning is damaged.")
    return path, read


def _free(path: Path) -> Path:
    return results.free(folders.made(Path("out")), path.stem).with_suffix(".mid")


def _tell(
    target: Path | None, recording: Recording, facts: dict[str, object], as_json: bool
) -> None:
    tracks = recording.tracks()
    notes = {part: len(tracks[part]) for part in (PLAYER, ANSWER)}
    if as_json:
        path = str(target) if target else None
        typer.echo(json.dumps({"path": path, "notes": notes, **facts}))
        return
    counts = ", ".join(f"{n} notes of {part}" for part, n in notes.items())
    typer.echo(f"{target}: {counts}." if target else f"{counts}.")
