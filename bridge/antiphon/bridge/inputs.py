"""Inputs as a player asks for them in text, on the command line and in the configuration. Pure.

reface                                   a keyboard, by part of its name
virtual                                  a port for others to connect to
reface; transpose -12; curve 0.7         an octave lower, light hands loud
pads; channel 10; fixed 100              all on channel 10, always as loud
big; split C3 2 acoustic bass            keys below C3 on channel 2, as a bass
two; channels 1>3 2>4                    channels 1 and 2 as 3 and 4
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from antiphon.engine.errors import UserError
from antiphon.engine.notes import INSTRUMENTS

from .key_names import key
from .keybed import Mapping
from .programs import PROGRAMS

VIRTUAL = "virtual"
Number = TypeVar("Number", int, float)


class Source(NamedTuple):
    """One input."""

    name: str | None
    """Part of its name, None for a port of our own."""
    mapping: Mapping = Mapping()


def parse(text: str) -> Source:
    """An input; UserError saying what is not understood, and what is."""
    name, *rules = (part.strip() for part in text.split(";"))
    if not name:
        raise UserError(f"{text!r} names no input; one reads 'reface; transpose -12'.")
    mapping = Mapping()
    for rule in filter(None, rules):
        word, *values = rule.split()
        if word not in _RULES:
            known = ", ".join(_RULES)
            raise UserError(f"{word!r} in {text!r} is no rule for an input; there are {known}.")
        try:
            mapping = _RULES[word](mapping, values)
        except (ValueError, IndexError):
            raise UserError(f"{rule!r} is not understood; one reads {_EXAMPLES[word]!r}.") from None
    return Source(None if name == VIRTUAL else name, mapping)


def _channel(mapping: Mapping, values: Sequence[str]) -> Mapping:
    (one,) = values
    return replace(mapping, channels=(_channel_of(one),) * 16)


def _channels(mapping: Mapping, values: Sequence[str]) -> Mapping:
    to = list(mapping.channels)
    for value in values:
        one, another = value.split(">")
        to[_channel_of(one)] = _channel_of(another)
    return replace(mapping, channels=tuple(to))


def _transpose(mapping: Mapping, values: Sequence[str]) -> Mapping:
    (semitones,) = values
    return replace(mapping, transpose=_within(int(semitones), -127, 127))


def _curve(mapping: Mapping, values: Sequence[str]) -> Mapping:
    (exponent,) = values
    return replace(mapping, curve=_within(float(exponent), 0.1, 10.0))


def _fixed(mapping: Mapping, values: Sequence[str]) -> Mapping:
    (velocity,) = values
    return replace(mapping, fixed=_within(int(velocity), 1, 127))


def _split(mapping: Mapping, values: Sequence[str]) -> Mapping:
    at, channel, *sound = values
    program = _program(" ".join(sound)) if sound else None
    return replace(mapping, split=key(at), lower=_channel_of(channel), program=program)


_RULES: dict[str, Callable[[Mapping, Sequence[str]], Mapping]] = {
    "channel": _channel,
    "channels": _channels,
    "transpose": _transpose,
    "curve": _curve,
    "fixed": _fixed,
    "split": _split,
}
_EXAMPLES = {
    "channel": "channel 2",
    "channels": "channels 1>3 2>4",
    "transpose": "transpose -12",
    "curve": "curve 0.7",
    "fixed": "fixed 100",
    "split": "split C3 2 acoustic bass",
}


def _channel_of(text: str) -> int:
    """A channel 0..15, written 1..16."""
    return int(_within(int(text), 1, 16)) - 1


def _program(name: str) -> int:
    """A General MIDI program, by its name or its family's."""
    if name in INSTRUMENTS:
        return INSTRUMENTS.index(name) * 8 % 128
    return PROGRAMS.index(name)


def _within(value: Number, lowest: Number, highest: Number) -> Number:
    if not lowest <= value <= highest:
        raise ValueError
    return value
