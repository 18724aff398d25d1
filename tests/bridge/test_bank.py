from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from antiphon.bridge import sampler, soundfont
from antiphon.bridge.bank import NEIGHBOURS, Bank
from antiphon.bridge.sampler import HELD_S, QUICK_S, Sound
from antiphon.bridge.voice import Samples
from antiphon.engine.errors import MachineError

RATE = 2000
FONT = Path("Good_GM.sf3")
ORGAN = 19
ORGAN_C = Sound(ORGAN, 60)


class Font:
    """A SoundFont whose keys all last a second, and which remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Sound] = []

    def render(self, _: Path, sounds: Sequence[Sound], rate: int) -> dict[Sound, Samples]:
        assert len({(sound.program, sound.drum) for sound in sounds}) == 1
        self.asked += sounds
        return {sound: np.ones(rate, np.float32) for sound in sounds}


@pytest.fixture
def font(monkeypatch: pytest.MonkeyPatch) -> Font:
    font = Font()
    monkeypatch.setattr(sampler, "from_font", font.render)
    return font


def improve(bank: Bank) -> None:
    while bank.improve():
        pass


def test_the_first_strike_has_the_built_in_voice_and_later_ones_the_font(font: Font) -> None:
    bank = Bank(RATE, FONT)
    first = bank.sample(ORGAN_C)
    assert not font.asked
    improve(bank)

    assert len(first) > QUICK_S * RATE
    assert len(bank.sample(ORGAN_C)) == RATE
    assert font.asked[0] == ORGAN_C
    assert {sound.pitch for sound in font.asked} == set(range(60 - NEIGHBOURS, 61 + NEIGHBOURS))


def test_nothing_is_rendered_twice(font: Font) -> None:
    bank = Bank(RATE, FONT)
    for pitch in (60, 60, 61, 0, 127):
        bank.sample(Sound(0, pitch))
    improve(bank)
    bank.sample(Sound(0, 60))

    assert not bank.improve()
    assert len(font.asked) == len(set(font.asked))


def test_another_program_is_made_ready_for_the_keys_in_use(font: Font) -> None:
    bank = Bank(RATE, FONT)
    for pitch in (40, 80):
        bank.sample(Sound(0, pitch))
    improve(bank)
    font.asked.clear()
    bank.prepare(ORGAN)
    improve(bank)

    assert {Sound(ORGAN, 40), Sound(ORGAN, 80)} <= set(font.asked)
    assert Sound(ORGAN, 60) not in font.asked


def test_what_is_wanted_last_comes_first(font: Font) -> None:
    bank = Bank(RATE, FONT)
    bank.prepare(0)
    bank.sample(Sound(ORGAN, 60))
    bank.improve()

    assert font.asked[0] == ORGAN_C


@pytest.mark.usefixtures("font")
def test_memory_is_bounded_and_the_key_unused_for_longest_goes_first() -> None:
    limit = 20 * RATE * 4
    bank = Bank(RATE, FONT, limit)
    for pitch in range(0, 128, 13):
        bank.sample(Sound(0, pitch))
        improve(bank)
        assert 0 < bank.bytes <= limit

    assert len(bank.sample(Sound(0, 117))) == RATE
    assert len(bank.sample(Sound(0, 0))) > RATE


def test_without_a_font_keys_become_longer() -> None:
    bank = Bank(RATE, None)
    assert QUICK_S * RATE < len(bank.sample(ORGAN_C)) < HELD_S * RATE
    bank.improve()

    assert bank.font is None
    assert len(bank.sample(ORGAN_C)) > HELD_S * RATE


def test_a_font_that_fails_is_told_once_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MachineError("The SoundFont x.sf2 cannot be rendered: it is broken.")

    monkeypatch.setattr(sampler, "from_font", fail)
    bank = Bank(RATE, FONT)
    bank.sample(ORGAN_C)
    improve(bank)

    assert bank.font is None
    assert bank.trouble == "The SoundFont x.sf2 cannot be rendered: it is broken."
    assert len(bank.sample(ORGAN_C)) > HELD_S * RATE


def test_the_background_ends_when_told() -> None:
    bank = Bank(RATE, None)
    bank.start()
    bank.stop()
    bank.join()


@pytest.mark.real
def test_a_font_gives_every_key_from_its_onset_and_about_as_loud_as_built_in() -> None:
    path = soundfont.find()
    assert path, "There is no SoundFont: apt-get install fluidr3mono-gm-soundfont."
    sounds = [Sound(0, 60), Sound(0, 72)]
    rate = 22050
    rendered = sampler.from_font(path, sounds, rate)

    for sound in sounds:
        samples = rendered[sound]
        assert np.flatnonzero(np.abs(samples) > 1e-3)[0] < 0.05 * rate
        plain = sampler.quick(sound, rate)
        assert 1 / 4 < np.std(samples[:rate]) / np.std(plain[:rate]) < 4
