"""A folder of one's own music to a model that plays: prepare, train, export, bounce."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import mido
import pytest

from antiphon.engine import bundle
from antiphon.export.corpus.data import Corpus

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

STYLES = {"marches": (60, 64, 67, 72), "laments": (57, 60, 64, 69)}
PATIENCE_S = 120


def antiphon(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "antiphon.bridge", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve little pieces in two folders."""
    folder = tmp_path_factory.mktemp("music")
    for style, chord in STYLES.items():
        (folder / style).mkdir()
        for i in range(6):
            track = mido.MidiTrack([mido.Message("program_change", program=48 if i % 2 else 0)])
            for n in range(80):
                pitch = chord[(n * (i + 1) + n // 7) % 4] + i
                track.append(mido.Message("note_on", note=pitch, velocity=40 + 5 * i, time=0))
                track.append(mido.Message("note_off", note=pitch, time=120 if n % (i + 2) else 240))
            mido.MidiFile(tracks=[track]).save(folder / style / f"{i}.mid")
    return folder


@pytest.fixture(scope="module")
def prepared(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("build") / "prepared"
    antiphon("prepare", music, out)
    return out


def test_four_commands_make_a_folder_of_music_play(prepared: Path, tmp_path: Path) -> None:
    run, mine, song = tmp_path / "run", tmp_path / "bundle", tmp_path / "song.mid"

    trained = antiphon(
        "train", prepared, run, "--from", "default", "--minutes", "0.1", "--no-samples"
    )
    exported = antiphon("export", run, mine, "--name", "mine", "--prepared", prepared)
    antiphon("bounce", "none", song, "--bundle", mine, "--style", "marches", "--seed", "3")

    music = Corpus.open(prepared / "train")
    assert trained.stdout.endswith(f"Next: antiphon export {run} BUNDLE --prepared {prepared}\n")
    assert "macro" in trained.stdout
    assert exported.stdout.endswith(
        f"Next: antiphon play --bundle {mine} --style {music.styles[0]}\n"
    )
    assert trained.stdout.startswith(f"Reading {prepared}.\nBeginning from the model small: ")
    assert "judged before training: " in trained.stdout
    own = [f"{name}: {len(of)} pieces" for name, of in music.by_collection().items()]
    assert list(bundle.load(mine).about.data[: len(own)]) == own
    assert (run / "loss.png").exists()
    assert set(STYLES) <= set(bundle.load(mine).about.styles)
    notes = [m for m in mido.MidiFile(song) if m.type == "note_on" and m.velocity]
    assert notes


def test_a_killed_training_goes_on_where_it_was(prepared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", str(prepared), str(run), "--shape", "tiny", "--minutes", "0.15"]
    command = [sys.executable, "-m", "antiphon.bridge", *words, "--no-samples"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE_S
    while not (run / "losses.csv").exists() and time.monotonic() < until:
        time.sleep(0.05)
    first.send_signal(signal.SIGKILL)
    first.wait()
    saved = (run / "losses.csv").read_text().splitlines()

    antiphon(*words, "--no-samples")

    whole = (run / "losses.csv").read_text().splitlines()
    assert whole[: len(saved)] == saved
    assert len(whole) > len(saved)
    assert float(whole[-1].split(",")[0]) >= 0.15
    assert json.loads((run / "config.json").read_text())["config"]["width"] == 64


def test_samples_are_rendered_while_training(prepared: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    antiphon("train", prepared, run, "--shape", "tiny", "--minutes", "0.1")

    heard = sorted((run / "samples").glob("*.wav"))
    assert heard
    assert all(file.with_suffix(".mid").exists() for file in heard)
