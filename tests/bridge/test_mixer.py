from __future__ import annotations

import numpy as np
import pytest

from antiphon.bridge.mixer import CUT_S, RELEASE_S, VOICES, Mixer
from antiphon.bridge.voice import Samples
from antiphon.engine.notes import DRUM_CHANNEL

RATE, BLOCK = 8000, 200
LONG = np.ones(10 * RATE, np.float32)


@pytest.fixture
def mixer() -> Mixer:
    return Mixer(RATE)


def mixed(mixer: Mixer, seconds: float = BLOCK / RATE) -> Samples:
    blocks = []
    for _ in range(round(seconds * RATE / BLOCK)):
        block = np.full(BLOCK, 9, np.float32)
        mixer.mix(block)
        blocks.append(block)
    return np.concatenate(blocks)


def test_nothing_struck_is_silence(mixer: Mixer) -> None:
    assert not mixed(mixer).any()


def test_a_key_sounds_at_once_and_fades_when_let_go(mixer: Mixer) -> None:
    mixer.strike(0, 60, 100, LONG)
    held = mixed(mixer, 1)
    mixer.let_go(0, 60)
    fading = mixed(mixer, RELEASE_S + 0.025)

    assert held.min() == held.max() > 0.1
    assert fading[0] == pytest.approx(held[0], rel=0.01)
    assert (np.diff(fading) <= 0).all()
    assert not mixed(mixer).any()
    assert mixer.sounding == 0


def test_velocity_is_loudness_and_a_sample_ends_by_itself(mixer: Mixer) -> None:
    short = LONG[: BLOCK // 2]
    peaks = []
    for velocity in (1, 64, 127):
        mixer.strike(0, 60, velocity, short)
        peaks.append(mixed(mixer).max())

    assert 0 < peaks[0] < peaks[1] < peaks[2] < 1
    assert mixer.sounding == 0


def test_sixty_four_keys_are_limited_softly_and_one_more_takes_the_place_of_the_oldest(
    mixer: Mixer,
) -> None:
    for pitch in range(VOICES + 1):
        mixer.strike(0, pitch, 127, LONG)
    assert mixer.sounding == VOICES
    assert 0.99 < mixed(mixer).max() <= 1

    mixer.let_go(0, 0)
    assert mixed(mixer, 1).min() > 0.99
    assert mixer.sounding == VOICES
    mixer.let_go(0, 1)
    mixed(mixer, 1)
    assert mixer.sounding == VOICES - 1


def test_a_fading_voice_gives_way_before_an_older_one(mixer: Mixer) -> None:
    for pitch in range(VOICES):
        mixer.strike(0, pitch, 127, LONG)
    mixer.let_go(0, 5)
    mixer.strike(0, 100, 127, LONG)
    mixed(mixer, 1)

    assert mixer.sounding == VOICES


def test_the_pedal_holds_what_fingers_let_go(mixer: Mixer) -> None:
    mixer.pedal(0, True)
    for pitch in (60, 64):
        mixer.strike(0, pitch, 100, LONG)
    mixer.let_go(0, 60)
    mixed(mixer, 1)
    assert mixer.sounding == 2

    mixer.pedal(0, False)
    mixed(mixer, 1)
    assert mixer.sounding == 1


def test_a_key_struck_again_sounds_once(mixer: Mixer) -> None:
    mixer.strike(0, 60, 100, LONG)
    mixer.strike(0, 60, 100, LONG)
    mixed(mixer, 1)
    assert mixer.sounding == 1
    mixer.let_go(0, 60)
    mixed(mixer, 1)
    assert mixer.sounding == 0


def test_drums_ring_on_when_let_go_but_not_when_cut(mixer: Mixer) -> None:
    mixer.strike(DRUM_CHANNEL, 49, 100, LONG)
    mixer.let_go(DRUM_CHANNEL, 49)
    mixer.release(DRUM_CHANNEL)
    assert mixed(mixer, 1).min() > 0.1

    mixer.cut(DRUM_CHANNEL)
    mixed(mixer, CUT_S + 0.025)
    assert mixer.sounding == 0


def test_release_and_cut_reach_one_channel_only(mixer: Mixer) -> None:
    for channel in range(3):
        mixer.pedal(channel, True)
        mixer.strike(channel, 60, 100, LONG)
    mixer.release(0)
    mixer.cut(1)
    mixed(mixer, 1)

    assert mixer.sounding == 1


def test_cutting_a_fading_key_makes_no_jump(mixer: Mixer) -> None:
    mixer.strike(0, 60, 127, LONG)
    mixer.let_go(0, 60)
    before = mixed(mixer)
    mixer.cut(0)
    after = mixed(mixer)

    assert after[0] <= before[-1]
    assert not after[round(CUT_S * RATE) :].any()
