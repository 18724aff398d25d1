"""SoundFonts: where systems keep them, and a score rendered through one in a process of its own.

The only module that knows symusic. It knows nothing of parts, panning or loudness.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from antiphon.engine.errors import MachineError
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note, without_overlaps

VARIABLE = "ANTIPHON_SOUNDFONT"
"""Environment variable with the path of the SoundFont to use."""

PREFERRED = "FluidR3Mono_GM.sf3"
FORBIDDEN = "merlin"  # its licence allows personal use only, and copies travel under its name

_HOME = Path.home()
FOLDERS = (
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/sounds/sf3"),
    Path("/usr/local/share/sounds/sf2"),
    Path("/usr/local/share/soundfonts"),
    Path("/opt/homebrew/share/soundfonts"),
    _HOME / ".local/share/sounds/sf3",
    _HOME / ".local/share/sounds/sf2",
    _HOME / ".local/share/soundfonts",
    _HOME / "Library/Audio/Sounds/Banks",
    Path("/Library/Audio/Sounds/Banks"),
    Path("C:/soundfonts"),
    _HOME / "Documents/SoundFonts",
)

_STARTUP_S = 60
_LOOK_S = 0.1
_PIECE_BYTES = 2**23  # read between two looks whether it is still wanted
_SPEED = 2  # a render slower than twice real time will not get better


class Job(msgspec.Struct, frozen=True):
    """What the child process is asked to do; it travels as JSON."""

    font: str
    notes: list[Note]
    programs: dict[int, int]
    tempo_bpm: float
    rate: int
    out: str


def find(folders: Iterable[Path] = FOLDERS) -> Path | None:
    """The SoundFont to use: the one `ANTIPHON_SOUNDFONT` names, else the best in `folders`."""
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named).expanduser()
        return path if path.is_file() else None
    fonts = [path for folder in folders for path in _fonts_in(folder)]
    return min(fonts, key=_rank, default=None)


def render(
    font: Path,
    notes: Sequence[Note],
    *,
    tempo_bpm: float,
    programs: Mapping[int, int],
    rate: int,
    heed: Callable[[], None] = lambda: None,
) -> NDArray[np.float32]:
    """The notes through `font`, shape (n, 2), tick 0 first, until the last has died away.

    Works in a child process, because a broken SoundFont may bring its process down. `programs`
    is as in `midifile.write`. `heed` is called all along; what it raises ends the child process.
    Raises `MachineError` with one sentence whenever there is no sound.
    """
    if not notes:
        return np.zeros((0, 2), np.float32)
    seconds = max(note.end for note in notes) * 60 / TICKS_PER_BEAT / tempo_bpm
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "samples.f32"
        job = Job(str(font), list(notes), dict(programs), tempo_bpm, rate, str(out))
        _run(job, _STARTUP_S + seconds * _SPEED, heed)
        return np.frombuffer(_read(out, heed), np.float32).reshape(-1, 2)


def _run(job: Job, timeout_s: float, heed: Callable[[], None]) -> None:
    try:
        code, said = _child(job, timeout_s, heed)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MachineError(f"The SoundFont {job.font} was not rendered in time.") from error
    if code or not Path(job.out).exists():
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        reason = last.rstrip(".") or f"its process ended with {code}"
        raise MachineError(f"The SoundFont {job.font} cannot be rendered: {reason}.")


def _child(job: Job, timeout_s: float, heed: Callable[[], None]) -> tuple[int, bytes]:
    """The child's exit code and what it complained of; it never outlives this call."""
    command = [sys.executable, "-m", __name__]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryFile() as order, tempfile.TemporaryFile() as said:
        order.write(msgspec.json.encode(job))
        order.seek(0)
        child = subprocess.Popen(
            command,
            stdin=order,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=environment,
            # Its own group: Ctrl-C is for the one who started it to heed.
            start_new_session=True,
        )
        try:
            code = _ended(child, timeout_s, heed)
        finally:
            child.kill()
            child.wait()
        said.seek(0)
        return code, said.read()


def _ended(child: subprocess.Popen[bytes], timeout_s: float, heed: Callable[[], None]) -> int:
    """Its exit code as soon as it has ended; TimeoutExpired if it does not."""
    for _ in range(round(timeout_s / _LOOK_S)):
        heed()
        with suppress(subprocess.TimeoutExpired):
            return child.wait(_LOOK_S)
    raise subprocess.TimeoutExpired(child.args, timeout_s)


def _read(path: Path, heed: Callable[[], None]) -> bytearray:
    data = bytearray(path.stat().st_size)
    with path.open("rb") as file:
        for start in range(0, len(data), _PIECE_BYTES):
            heed()
            file.readinto(memoryview(data)[start : start + _PIECE_BYTES])
    return data


def _fonts_in(folder: Path) -> list[Path]:
    try:
        found = [path for path in folder.iterdir() if path.suffix.lower() in (".sf2", ".sf3")]
    except OSError:
        return []
    return [
        path for path in found if path.is_file() and FORBIDDEN not in path.resolve().name.lower()
        and FORBIDDEN not in path.name.lower()
    ]  # fmt: skip


def _rank(path: Path) -> tuple[bool, bool, bool, str]:
    """The known good one first, then General MIDI by name, then real files before links."""
    name = path.name.lower()
    return name != PREFERRED.lower(), "gm" not in name, path.is_symlink(), name


def _work(job: Job) -> None:
    """The child's whole life. symusic is imported here, as some Pythons have no wheel of it."""
    from symusic import Note as Sound
    from symusic import Score, Synthesizer, Tempo, Track

    score = Score(TICKS_PER_BEAT)
    score.tempos.append(Tempo(0, job.tempo_bpm))
    notes = without_overlaps(job.notes)
    for instrument in sorted({note.instrument for note in notes}):
        program = 0 if instrument == DRUMS else job.programs.get(instrument, instrument * 8)
        track = Track("", program, instrument == DRUMS)
        for note in notes:
            if note.instrument == instrument:
                track.notes.append(Sound(note.onset, note.length, note.pitch, note.velocity))
        score.tracks.append(track)
    sound = np.asarray(Synthesizer(job.font, job.rate, 0).render(score, True), np.float32)
    np.ascontiguousarray(sound.T).tofile(job.out)


def main() -> None:
    """Run one `Job` from standard input; the samples go to its `out` file as float32 pairs."""
    _work(msgspec.json.decode(sys.stdin.buffer.read(), type=Job))


if __name__ == "__main__":
    main()
