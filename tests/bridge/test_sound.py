"""The sound as a process: with a null card all of it, without a card what it says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from antiphon.bridge import midi, sound_card
from antiphon.bridge.sound_pipe import SoundPipe
from antiphon.engine.errors import NoSoundCard

NO_SERVER = "antiphon-nowhere"
CHORD = (60, 64, 67)


@pytest.fixture
def no_sound_card(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine where nothing plays sound, but for the JACK server of a test that has one."""
    # PortAudio aborts when ALSA knows no device at all, so it knows one that is not there.
    alsa = tmp_path / "alsa.conf"
    alsa.write_text("pcm.absent { type hw card 99 }")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(alsa))
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    if "asynchronous_jack" not in request.fixturenames:
        monkeypatch.setenv("JACK_DEFAULT_SERVER", NO_SERVER)


def play_chord(pipe: SoundPipe) -> dict[str, Any]:
    """The figures of a chord held for half a second and left to the end of the pipe."""
    for pitch in CHORD:
        pipe.send(midi.note_on(0, pitch, 90))
    time.sleep(0.5)
    pipe.close()
    figures: dict[str, Any] = json.loads(pipe.last_words)
    return figures


@pytest.mark.real
def test_a_chord_goes_down_the_pipe_sounds_and_dies_away() -> None:
    began = time.monotonic()
    pipe = SoundPipe(null=True)
    assert pipe.ready == ("none", 0)
    figures = play_chord(pipe)

    assert figures["peak"] > 0.05
    assert figures["last_peak"] == 0
    assert figures["most_voices"] == len(CHORD)
    assert figures["blocks"] > 50
    assert figures["trouble"] == ""
    assert time.monotonic() - began < 8
    assert (pipe.dropped, pipe.lost) == (0, True)


@pytest.mark.real
@pytest.mark.usefixtures("asynchronous_jack", "no_sound_card")
def test_a_card_plays_it_too() -> None:
    pipe = SoundPipe()
    assert pipe.ready.device == "system"
    assert pipe.ready.latency_ms > 0
    figures = play_chord(pipe)

    assert figures["peak"] > 0.05
    assert figures["last_peak"] == 0


@pytest.mark.real
def test_the_first_key_need_not_wait_for_the_font() -> None:
    pipe = SoundPipe(null=True)
    pipe.send(midi.program(3, 48))
    pipe.send(midi.note_on(3, 60, 127))
    time.sleep(0.3)
    pipe.panic()
    pipe.close()

    assert json.loads(pipe.last_words)["peak"] > 0.05


@pytest.mark.real
@pytest.mark.usefixtures("no_sound_card")
def test_without_a_sound_card_one_sentence_says_what_to_do() -> None:
    with pytest.raises(NoSoundCard, match=r"^There is no sound card here: plug one in.*\.$"):
        SoundPipe()
    command = [sys.executable, "-m", "antiphon.bridge.sound"]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == NoSoundCard.exit_code
    assert json.loads(ended.stdout)["ok"] is False
    assert ended.stderr == b""


def test_without_portaudio_one_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    for ask in (sound_card.SoundCard, sound_card.list_devices):
        with pytest.raises(NoSoundCard, match="libportaudio2"):
            ask()
