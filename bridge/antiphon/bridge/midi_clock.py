"""The words of MIDI's clock: its status bytes, its units, its song position. Pure."""

from __future__ import annotations

from antiphon.engine.notes import TICKS_PER_BEAT

PULSE, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
PULSES_PER_BEAT = 24
PULSES_PER_SIXTEENTH = 6
TICKS_PER_PULSE = TICKS_PER_BEAT // PULSES_PER_BEAT
TICKS_PER_SIXTEENTH = TICKS_PER_PULSE * PULSES_PER_SIXTEENTH
MOST_SIXTEENTHS = 2**14 - 1
"""A song position has 14 bits."""


def song_position(sixteenths: int) -> bytes:
    """The message that says where the song will continue, 0..MOST_SIXTEENTHS."""
    return bytes((POSITION, sixteenths & 0x7F, sixteenths >> 7))


def sixteenths(message: bytes) -> int:
    """What a song position message says."""
    return message[1] | message[2] << 7
