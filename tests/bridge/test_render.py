from pathlib import Path

import numpy as np
import pytest
import soundfile

from antiphon.bridge import soundfont, wave
from antiphon.bridge.ending import Wish
from antiphon.bridge.render import BUILT_IN, PEAK, render
from antiphon.engine.errors import FileRefused, MachineError
from antiphon.engine.notes import DRUMS, Note

RATE = 22050
PLAYED = [Note(0, 0, 60, 48, 90), Note(24, 0, 64, 48, 90)]
ANSWERED = [Note(96, 0, 67, 48, 90), Note(96, DRUMS, 38, 6, 60)]


@pytest.fixture
def _no_font(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfont, "find", lambda: None)


@pytest.mark.usefixtures("_no_font")
class TestBuiltInVoice:
    def test_the_peak_is_3_db_below_full(self) -> None:
        rendered = render({"you": PLAYED, "answer": ANSWERED}, 120, {}, rate=RATE)

        assert rendered.voice == BUILT_IN
        assert rendered.samples.dtype == np.float32
        assert np.abs(rendered.samples).max() == pytest.approx(PEAK, rel=1e-4)

    def test_the_player_sits_left_and_the_answer_right(self) -> None:
        samples = render({"you": PLAYED, "answer": ANSWERED}, 120, {}, rate=RATE).samples
        loudness = [np.square(half).sum(axis=0) for half in (samples[:RATE], samples[-RATE // 2 :])]

        assert loudness[0][0] > loudness[0][1]
        assert loudness[1][0] < loudness[1][1]

    def test_one_part_alone_is_central(self) -> None:
        samples = render({"you": PLAYED}, 120, {}, rate=RATE).samples

        assert np.array_equal(samples[:, 0], samples[:, 1])

    def test_sound_starts_at_the_origin_and_ends_when_it_has_died_away(self) -> None:
        late = [Note(480, 16 // 8, 60, 48, 90)]
        whole = render({"you": late}, 120, {}, rate=RATE).samples
        cut = render({"you": late}, 120, {}, rate=RATE, origin=480).samples

        assert not whole[: 5 * RATE].any()
        assert 0.5 <= len(cut) / RATE <= 0.8
        assert len(whole) == len(cut) + 5 * RATE

    def test_a_note_struck_again_is_cut(self) -> None:
        organ = 2
        again = [Note(0, organ, 60, 480, 90), Note(48, organ, 60, 24, 90)]

        assert len(render({"you": again}, 120, {}, rate=RATE).samples) < RATE

    @pytest.mark.parametrize("block", [1, 7, 1000, RATE])
    def test_samples_are_the_same_however_they_are_cut_into_blocks(
        self, block: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tracks = {"you": [Note(0, 0, 60, 2, 90)], "answer": [Note(3, DRUMS, 38, 1, 60)]}
        whole = render(tracks, 120, {}, rate=1000).samples
        monkeypatch.setattr("antiphon.bridge.render.BLOCK", block)

        assert len(whole) > 200
        assert np.array_equal(render(tracks, 120, {}, rate=1000).samples, whole)

    def test_it_is_asked_at_each_note_and_block_whether_it_is_still_wanted(self) -> None:
        def rendered(looks: list[None]) -> None:
            render({"you": PLAYED, "answer": ANSWERED}, 120, {}, rate=RATE, heed=looks.pop)

        plenty = [None] * 1000
        rendered(plenty)
        needed = 1000 - len(plenty)

        assert needed >= len(PLAYED) + len(ANSWERED) + 3
        for looks in range(needed):
            with pytest.raises(IndexError):
                rendered([None] * looks)

    def test_no_notes_are_no_samples(self) -> None:
        assert render({"you": []}, 120, {}).samples.shape == (0, 2)


def test_a_font_that_fails_is_told_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MachineError("The SoundFont x.sf2 cannot be rendered: it is broken.")

    monkeypatch.setattr(soundfont, "find", lambda: Path("x.sf2"))
    monkeypatch.setattr(soundfont, "render", fail)
    told: list[str] = []
    rendered = render({"you": PLAYED}, 120, {}, rate=RATE, tell=told.append)

    assert rendered.voice == BUILT_IN
    assert told == [
        "The SoundFont x.sf2 cannot be rendered: it is broken. The built-in voice plays instead."
    ]


def test_a_font_gives_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = np.full((100, 2), 0.1, np.float32)
    monkeypatch.setattr(soundfont, "find", lambda: Path("fonts/Good_GM.sf3"))
    monkeypatch.setattr(soundfont, "render", lambda *_, **__: sound)

    assert render({"you": PLAYED}, 120, {}).voice == "Good_GM.sf3"


def test_a_wave_file_holds_the_samples_and_is_always_the_same(tmp_path: Path) -> None:
    samples = np.array([[0, 0], [0.5, -0.5], [2, -1]], np.float32)
    for name in ("a.wav", "b.wav"):
        wave.write(tmp_path / name, samples, RATE)
    read, rate = soundfile.read(tmp_path / "a.wav", dtype="int16")

    assert rate == RATE
    assert read.tolist() == [[0, 0], [16384, -16384], [32767, -32768]]
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_wave_file_that_is_no_longer_wanted_leaves_nothing(tmp_path: Path) -> None:
    wish = Wish()
    wish.make()
    with pytest.raises(KeyboardInterrupt):
        wave.write(tmp_path / "a.wav", np.zeros((1, 2), np.float32), RATE, wish.heed)
    assert list(tmp_path.iterdir()) == []


def test_a_wave_file_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="nowhere"):
        wave.write(tmp_path / "nowhere" / "a.wav", np.zeros((1, 2), np.float32), RATE)
