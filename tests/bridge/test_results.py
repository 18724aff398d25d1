"""The files a conversation leaves behind, and how a long rendering is cut short."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import long_work
from antiphon.bridge import results, soundfont
from band import PATIENCE_S, child_of, left_of

NOWHERE = "/nowhere/at/all.sf3"
"""A SoundFont that is not there: the built-in voice renders, in the process itself."""


def test_midi_picture_and_sound_are_kept_under_the_next_number(tmp_path: Path) -> None:
    told: list[str] = []
    kept = [results.save(long_work.piece(1), tmp_path, "song", told.append) for _ in range(2)]
    names = [f"song-{number}{suffix}" for number in (1, 2) for suffix in (".mid", ".png", ".wav")]

    assert [path for paths in kept for path in paths] == [tmp_path / name for name in names]
    assert [line.split()[0] for line in told] == [str(tmp_path / name) for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def working(how: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, long_work.__file__, how, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_out_a_wave_file_that_takes_long_and_keeps_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv(soundfont.VARIABLE, NOWHERE)
    with working("save", tmp_path) as process:
        assert process.stdout is not None
        kept = [process.stdout.readline(), process.stdout.readline()]
        process.send_signal(number)
        # One that comes before the rendering has begun is not meant for it.
        while not select.select([process.stdout], [], [], 0.1)[0]:
            process.send_signal(number)
        said, _ = process.communicate(timeout=PATIENCE_S)

    assert kept == [f"{tmp_path / 'long-1'}{suffix}\n" for suffix in (".mid", ".png")]
    assert (process.returncode, said) == (0, f"{tmp_path / 'long-1.wav'} is left out.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["long-1.mid", "long-1.png"]


@pytest.mark.real
def test_an_interrupted_soundfont_ends_with_its_process_and_leaves_no_file(tmp_path: Path) -> None:
    assert soundfont.find(), "There is no SoundFont: apt-get install fluidr3mono-gm-soundfont."
    with working("write", tmp_path) as process:
        child = child_of(process.pid, "antiphon.bridge.soundfont")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, said) == (130, "")
    assert left_of([child], PATIENCE_S) == []
    assert list(tmp_path.iterdir()) == []
