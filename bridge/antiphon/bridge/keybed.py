"""Several keyboards as one: channels mapped, keys transposed and split, velocities curved. Pure.

Bytes in, bytes out. An ending goes where its beginning went, whatever the mapping has become since;
two keys that sound as one end it together; an ending without a beginning goes where that would
have gone, unless a key is held there. What an input still holds when it vanishes is let go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from . import midi

AS_PLAYED = tuple(range(16))
HELD_CONTROLS = (midi.SUSTAIN, 66)
"""Controllers that hold notes while they are down: the sustain and the sostenuto pedal."""
_BEND_REST = b"\x00\x40"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What becomes of one input's messages.

    Mapping(transpose=-12, curve=0.7)      an octave lower, and easily loud
    Mapping(split=48, lower=1)             keys below C3 on the second channel
    """

    channels: tuple[int, ...] = AS_PLAYED
    """Where each of the 16 channels goes, all 0..15."""
    transpose: int = 0
    """Semitones; a key that would leave MIDI's range is not heard."""
    curve: float = 1.0
    """Exponent of the velocity: below 1 light hands are loud, above 1 they are soft."""
    fixed: int | None = None
    """Velocity 1..127 of every key, None as it is struck."""
    split: int | None = None
    """Keys below this one, as they are struck, go to the channel `lower`; None splits nothing."""
    lower: int = 0
    program: int | None = None
    """General MIDI program of the keys below the split, None leaves it as it is."""

    def key(self, channel: int, pitch: int) -> Key | None:
        """Where a key goes, None if nowhere."""
        moved = pitch + self.transpose
        below = self.split is not None and pitch < self.split
        to = self.lower if below else self.channels[channel]
        return Key(to, moved) if 0 <= moved < 128 else None

    def velocity(self, struck: int) -> int:
        """Velocity 1..127 of a key struck with 1..127."""
        if self.fixed is not None:
            return self.fixed
        curved: float = (struck / 127) ** self.curve
        return max(1, min(127, round(127 * curved)))

    def reach(self, channel: int) -> tuple[int, ...]:
        """Channels that a pedal, a wheel or a controller of a channel moves."""
        both = {self.channels[channel], *(() if self.split is None else (self.lower,))}
        return tuple(sorted(both))


class Key(NamedTuple):
    """A key on a channel."""

    channel: int
    pitch: int


class Keybed:
    """The keyboards of one player. [loop]"""

    def __init__(self, mappings: Sequence[Mapping]) -> None:
        self._mappings = list(mappings)
        self._down: dict[tuple[int, Key], Key | None] = {}
        self._leaning: dict[tuple[int, int, int], tuple[int, ...]] = {}

    def change(self, source: int, mapping: Mapping) -> None:
        """From now on an input is mapped otherwise; what it holds ends where it began."""
        self._mappings[source] = mapping

    def setup(self) -> list[bytes]:
        """The sounds of the keys below the splits."""
        return [midi.program(m.lower, m.program) for m in self._mappings if m.program is not None]

    def play(self, source: int, message: bytes) -> list[bytes]:
        """What a channel message of an input becomes."""
        channel, kind = midi.channel(message), midi.kind(message)
        mapping = self._mappings[source]
        match kind:
            case midi.NOTE_ON:
                return self._strike(source, Key(channel, message[1]), message[2])
            case midi.NOTE_OFF:
                return self._let_go(source, Key(channel, message[1]))
            case midi.KEY_PRESSURE:
                to = self._down.get((source, Key(channel, message[1])))
                return [bytes((kind | to.channel, to.pitch, message[2]))] if to else []
            case midi.PROGRAM:
                return [_moved(message, mapping.channels[channel])]
            case _:
                return self._lean(source, message)

    def lift(self, source: int) -> list[bytes]:
        """All that an input holds is let go: keys up, pedals up, wheel at rest."""
        keys = [key for owner, key in self._down if owner == source]
        result = [message for key in keys for message in self._let_go(source, key)]
        leaning = [lean for lean in self._leaning if lean[0] == source]
        return result + [m for lean in leaning for m in self._lean(source, _rest(*lean[1:]))]

    def _strike(self, source: int, key: Key, velocity: int) -> list[bytes]:
        mapping = self._mappings[source]
        to, before = mapping.key(*key), self._down.get((source, key))
        result = self._let_go(source, key) if before and before != to else []
        self._down[source, key] = to
        return [*result, midi.note_on(*to, mapping.velocity(velocity))] if to else result

    def _let_go(self, source: int, key: Key) -> list[bytes]:
        # An ending without a beginning is passed on: on a loop, what came back from us ended it.
        to = self._down.pop((source, key), self._mappings[source].key(*key))
        if to is None or to in self._down.values():
            return []
        return [midi.note_off(*to)]

    def _lean(self, source: int, message: bytes) -> list[bytes]:
        """A pedal, a wheel or a controller; its way back to rest is its way there."""
        channel = midi.channel(message)
        to: Iterable[int] = self._mappings[source].reach(channel)
        what = _what(message)
        if what is not None:
            lean = source, channel, what
            before = self._leaning.pop(lean, ())
            if _at_rest(message):
                to = sorted({*to, *before})
            else:
                self._leaning[lean] = tuple(sorted({*to, *before}))
        return [_moved(message, one) for one in to]


def _what(message: bytes) -> int | None:
    """What must not be left as it is: the number of a pedal, the bend; None for all else."""
    kind = midi.kind(message)
    if kind == midi.BEND:
        return midi.BEND
    return message[1] if kind == midi.CONTROL and message[1] in HELD_CONTROLS else None


def _at_rest(message: bytes) -> bool:
    return (
        message[1:] == _BEND_REST
        if midi.kind(message) == midi.BEND
        else message[2] < midi.PEDAL_DOWN
    )


def _rest(channel: int, what: int) -> bytes:
    """The message that brings a pedal or the bend to rest."""
    if what == midi.BEND:
        return bytes((midi.BEND | channel,)) + _BEND_REST
    return midi.control(channel, what, 0)


def _moved(message: bytes, channel: int) -> bytes:
    return bytes((message[0] & 0xF0 | channel,)) + message[1:]
