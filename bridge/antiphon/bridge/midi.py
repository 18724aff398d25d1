"""The MIDI messages the bridge reads and writes, as one table of status bytes. Pure."""

from __future__ import annotations

NOTE_OFF, NOTE_ON, KEY_PRESSURE, CONTROL, PROGRAM = 0x80, 0x90, 0xA0, 0xB0, 0xC0
PRESSURE, BEND = 0xD0, 0xE0
SYSTEM = 0xF0
"""From here on a status says no channel."""
SONG_POSITION = 0xF2
CLOCK = (SONG_POSITION, 0xF8, 0xFA, 0xFB, 0xFC)
"""Status bytes of MIDI's clock: song position, pulse, start, continue, stop."""
SUSTAIN, SOFT = 64, 67
"""Control numbers of the sustain pedal and of the soft pedal, which hands over the turn."""
PEDAL_DOWN = 64
"""Control values from here on mean the pedal is down."""


def kind(message: bytes) -> int:
    """Status without channel; a note-on of velocity 0 is a note-off."""
    status = message[0] & 0xF0
    return NOTE_OFF if status == NOTE_ON and message[2] == 0 else status


def channel(message: bytes) -> int:
    """Channel, 0..15."""
    return message[0] & 0x0F


def note_on(channel: int, pitch: int, velocity: int) -> bytes:
    """A key goes down, velocity 1..127."""
    return bytes((NOTE_ON | channel, pitch, velocity))


def note_off(channel: int, pitch: int) -> bytes:
    """A key goes up."""
    return bytes((NOTE_OFF | channel, pitch, 0))


def control(channel: int, number: int, value: int) -> bytes:
    """A controller moves."""
    return bytes((CONTROL | channel, number, value))


def program(channel: int, number: int) -> bytes:
    """A channel takes another sound, General MIDI program 0..127."""
    return bytes((PROGRAM | channel, number))
