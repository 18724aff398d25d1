import numpy as np
import pytest

from antiphon.bridge.voice import render_note

RATE = 22050
PROGRAMS = range(0, 128, 8)
KIT = range(35, 82)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_note_holds_and_then_dies_away(program: int) -> None:
    sound = render_note(program, 60, 100, 0.5, RATE)

    assert sound.dtype == np.float32
    assert RATE * 0.65 - 1 <= len(sound) <= RATE * 0.8 + 1
    assert np.abs(sound[: RATE // 2]).max() > 0.1


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("seconds", [0.001, 0.5])
def test_a_note_starts_and_ends_without_a_click(program: int, seconds: float) -> None:
    sound = render_note(program, 48, 127, seconds, RATE)

    edges = np.abs(np.concatenate([sound[:5], sound[-20:]]))
    assert edges.max() < 0.05


@pytest.mark.parametrize("velocity", [1, 64, 127])
def test_velocity_bounds_the_peak(velocity: int) -> None:
    peaks = [np.abs(render_note(p, 30, velocity, 0.3, RATE)).max() for p in PROGRAMS]
    peaks += [np.abs(render_note(0, key, velocity, 0.1, RATE, drum=True)).max() for key in KIT]

    assert all(0 < peak <= velocity / 127 for peak in peaks)


def test_a_tone_sounds_at_its_pitch() -> None:
    spectrum = np.abs(np.fft.rfft(render_note(0, 69, 100, 0.8, RATE), RATE))

    assert abs(int(spectrum.argmax()) - 440) <= 2


def test_a_piano_decays_and_an_organ_holds() -> None:
    piano, organ = (render_note(program, 60, 100, 2.0, RATE) for program in (0, 16))

    def kept(sound: np.ndarray) -> float:
        early, late = sound[2000:6000], sound[38000:42000]
        return float(np.abs(late).max() / np.abs(early).max())

    assert kept(piano) < 0.3
    assert kept(organ) > 0.9


def test_the_highest_keys_do_not_alias_into_silence() -> None:
    assert np.abs(render_note(0, 127, 127, 0.2, 44100)).max() > 0.01


def test_the_same_hit_gives_the_same_samples() -> None:
    hits = [[render_note(0, key, 90, 0.1, RATE, drum=True) for key in KIT] for _ in range(2)]

    assert all(np.array_equal(one, other) for one, other in zip(*hits, strict=True))
