"""The bytes that end all sound, in the order that synths really obey. It sends nothing itself.

Known notes first, because "all notes off" is optional and read differently by every maker; then
pedal up, all notes off and all sound off; then the controllers; then every key there is.
"""

from __future__ import annotations

from collections.abc import Iterable

Key = tuple[int, int]
"""A key on a wire: (channel 0..15, pitch 0..127)."""

ALL_CHANNELS = tuple(range(16))
_QUIETING = ((64, 0), (123, 0), (120, 0))


def note_offs(held: Iterable[Key]) -> list[bytes]:
    """A note-off for each key, in order of channel and pitch."""
    return [bytes((0x80 | channel, pitch, 0)) for channel, pitch in sorted(held)]


def silence(held: Iterable[Key], channels: Iterable[int]) -> list[bytes]:
    """Note-offs for what is held, then pedal up, notes off and sound off on `channels`."""
    quieting = [
        bytes((0xB0 | channel, controller, value))
        for channel in sorted(set(channels))
        for controller, value in _QUIETING
    ]
    return note_offs(held) + quieting


def panic(held: Iterable[Key] = ()) -> list[bytes]:
    """Silence on all 16 channels, then bend, modulation and pressure back to rest."""
    result = silence(held, ALL_CHANNELS)
    for channel in ALL_CHANNELS:
        result.append(bytes((0xE0 | channel, 0, 64)))
        result.append(bytes((0xB0 | channel, 1, 0)))
        result.append(bytes((0xD0 | channel, 0)))
    return result


def deep_panic(held: Iterable[Key] = ()) -> list[bytes]:
    """`panic`, then a note-off for all 2,048 keys: 2 s on a DIN cable, so only when asked twice."""
    every = ((channel, pitch) for channel in ALL_CHANNELS for pitch in range(128))
    return panic(held) + note_offs(every)
