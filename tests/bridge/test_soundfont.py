from pathlib import Path

import msgspec
import numpy as np
import pytest

from antiphon.bridge import soundfont
from antiphon.engine.errors import MachineError
from antiphon.engine.notes import Note


@pytest.fixture(autouse=True)
def _no_font_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(soundfont.VARIABLE, raising=False)


def fonts(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], None),
        (["readme.txt"], None),
        (["Merlin.sf2", "Big Merlin GM.sf3"], None),
        (["A320U.sf2", "TimGM6mb.sf2"], "TimGM6mb.sf2"),
        (["TimGM6mb.sf2", "FluidR3Mono_GM.sf3"], "FluidR3Mono_GM.sf3"),
    ],
)
def test_the_best_font_is_found(tmp_path: Path, names: list[str], found: str | None) -> None:
    path = soundfont.find(fonts(tmp_path, *names))

    assert (path and path.name) == found


def test_a_link_to_a_forbidden_font_is_seen_through(tmp_path: Path) -> None:
    (tmp_path / "Merlin.sf2").touch()
    (tmp_path / "default-GM.sf2").symlink_to(tmp_path / "Merlin.sf2")

    assert soundfont.find([tmp_path]) is None


def test_folders_that_are_not_there_are_passed_over(tmp_path: Path) -> None:
    assert soundfont.find([tmp_path / "nowhere"]) is None


def test_a_named_font_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = tmp_path / "mine.sf2"
    mine.touch()
    monkeypatch.setenv(soundfont.VARIABLE, str(mine))

    assert soundfont.find(fonts(tmp_path, "FluidR3Mono_GM.sf3")) == mine


@pytest.mark.real
def test_a_broken_font_is_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF\xff\xff\xff\xffsfbk" + bytes(range(256)) * 4)

    with pytest.raises(MachineError, match=r"^The SoundFont .*broken\.sf2 .*\.$"):
        soundfont.render(broken, [Note(0, 0, 60, 48, 90)], tempo_bpm=120, programs={}, rate=22050)


@pytest.mark.real
def test_a_piece_with_more_notes_than_a_pipe_holds_is_rendered() -> None:
    font = soundfont.find()
    assert font, "There is no SoundFont: apt-get install fluidr3mono-gm-soundfont."
    notes = [Note(tick, 0, pitch, 1, 90) for tick in range(40) for pitch in range(128)]
    assert len(msgspec.json.encode(notes)) > 2**16

    assert len(soundfont.render(font, notes, tempo_bpm=240, programs={}, rate=8000))


@pytest.mark.real
def test_a_note_sounds_from_its_onset() -> None:
    font = soundfont.find()
    assert font, "There is no SoundFont: apt-get install fluidr3mono-gm-soundfont."
    notes = [Note(48, 0, 60, 48, 90)]
    sound = soundfont.render(font, notes, tempo_bpm=60, programs={}, rate=22050)

    first = int(np.flatnonzero(np.abs(sound).max(axis=1) > 1e-4)[0])
    assert sound.shape[1] == 2
    assert 0.98 <= first / 22050 <= 1.05
