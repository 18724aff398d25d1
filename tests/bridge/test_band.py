from __future__ import annotations

import numpy as np
import pytest

from antiphon.bridge import frames, midi, panic
from antiphon.bridge.band import Band
from antiphon.bridge.bank import Bank
from antiphon.engine.notes import DRUM_CHANNEL

RATE, BLOCK = 8000, 200


@pytest.fixture
def band() -> Band:
    return Band(Bank(RATE, None), RATE)


def feed(band: Band, *messages: bytes) -> None:
    band.feed(b"".join(map(frames.message, messages)))


def play(band: Band, seconds: float) -> float:
    """Highest sample of so long."""
    block, peak = np.zeros(BLOCK, np.float32), 0.0
    for _ in range(round(seconds * RATE / BLOCK)):
        band.fill(block)
        peak = max(peak, band.figures.last_peak)
    return peak


def test_a_chord_sounds_until_it_is_let_go(band: Band) -> None:
    feed(band, *(midi.note_on(0, pitch, 90) for pitch in (60, 64, 67)))
    assert not band.quiet
    assert play(band, 0.5) > 0.05
    assert band.figures.most_voices == 3

    feed(band, *(midi.note_off(0, pitch) for pitch in (60, 64, 67)))
    play(band, 0.2)
    assert band.quiet
    assert play(band, 0.1) == 0
    assert band.figures.blocks == round(0.8 * RATE / BLOCK)


@pytest.mark.parametrize("command", [frames.PANIC, frames.RELEASE])
def test_commands_end_every_channel(band: Band, command: int) -> None:
    feed(band, midi.control(2, midi.SUSTAIN, 127), *(midi.note_on(c, 60, 90) for c in (0, 2)))
    play(band, 0.1)
    band.feed(frames.command(command))
    play(band, 0.2)

    assert band.quiet


def test_the_bytes_of_a_panic_end_everything(band: Band) -> None:
    feed(band, midi.note_on(0, 60, 90), midi.note_on(DRUM_CHANNEL, 49, 90))
    play(band, 0.1)
    feed(band, *panic.panic([(0, 60)]))
    play(band, 0.2)

    assert band.quiet


def test_programs_belong_to_channels(band: Band) -> None:
    organ, piano = 19, 0
    feed(band, midi.program(1, organ), midi.note_on(1, 60, 90))
    play(band, 1)
    organ_peak = play(band, 0.5)
    feed(band, midi.note_off(1, 60), midi.program(0, piano))
    play(band, 0.5)
    feed(band, midi.note_on(0, 60, 90))
    play(band, 1)

    assert organ_peak > 2 * play(band, 0.5) > 0


def test_garbage_harms_nobody(band: Band) -> None:
    chance = np.random.default_rng(7)
    band.feed(chance.integers(0, 256, 400, np.uint8).tobytes())
    play(band, 0.1)
