"""Keys, pedals and pads bound to what Antiphon can do: a table from MIDI messages to actions. Pure.

cc 67               a controller, on any channel
cc 20 ch 1          only on channel 1
note 36 ch 10       a pad or a key, by number or by name (C2), which then plays no note
program 5           a program change, 0 to 127 as it is sent

A button fires when it is pressed: a controller when it crosses 64 upwards. A dial gives 0..1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from antiphon.engine.errors import UserError

from . import midi
from .actions import Action, Dial
from .key_names import key

BUTTONS = tuple(action.value for action in Action)
DIALS = tuple(dial.value for dial in Dial)
ACTIONS = BUTTONS + DIALS
USUAL = {"handover": "cc 67"}
"""What is bound if nobody says otherwise: the soft pedal hands over."""

_KINDS = {"cc": midi.CONTROL, "note": midi.NOTE_ON, "program": midi.PROGRAM}
_WORDS = {kind: word for word, kind in _KINDS.items()}
_TRIGGER = re.compile(r"(cc|note|program) +(\S+)(?: +ch +(\d+))?")


class Trigger(NamedTuple):
    """A message that does something."""

    kind: int
    """Status without channel: a controller, a note-on or a program change."""
    number: int
    channel: int | None = None
    """0..15, None for any."""

    @classmethod
    def parse(cls, text: str) -> Trigger:
        """A trigger as it is written; UserError if it is none."""
        found = _TRIGGER.fullmatch(text.strip().lower())
        if found is None:
            raise UserError(f"{text!r} is no MIDI message; one reads 'cc 67' or 'note 36 ch 10'.")
        word, number, channel = found.groups()
        if channel is not None and not 1 <= int(channel) <= 16:
            raise UserError(f"{text!r} has no channel of MIDI, which are 1 to 16.")
        kind = _KINDS[word]
        number = key(number) if kind == midi.NOTE_ON else _number(number, text)
        return cls(kind, number, None if channel is None else int(channel) - 1)

    def __str__(self) -> str:
        channel = "" if self.channel is None else f" ch {self.channel + 1}"
        return f"{_WORDS[self.kind]} {self.number}{channel}"


class Taken(NamedTuple):
    """A bound message: it is not played."""

    action: str | None
    """What it does; None if nothing, as when a pad is let go."""
    value: float = 1.0
    """Where a dial stands, 0..1."""


class Bindings:
    """What the player's messages do besides playing. [loop]"""

    def __init__(self, table: Mapping[Trigger, str]) -> None:
        self._table = dict(table)
        self._struck: set[tuple[int, int]] = set()
        self._played: set[tuple[int, int]] = set()
        self._pressed: set[tuple[int, int]] = set()

    def change(self, table: Mapping[Trigger, str]) -> None:
        """From now on these are bound; what is pressed now ends as it began."""
        self._table = dict(table)

    def take(self, message: bytes) -> Taken | None:
        """What a channel message does, None if it is to be played."""
        kind, channel = midi.kind(message), midi.channel(message)
        action = self._action(kind, message[1], channel)
        match kind:
            case midi.NOTE_ON:
                return self._strike((message[1], channel), action)
            case midi.NOTE_OFF:
                return self._let_go((message[1], channel))
            case midi.CONTROL if action not in DIALS:
                return self._press((message[1], channel), message[2] >= midi.PEDAL_DOWN, action)
            case midi.CONTROL:
                return Taken(action, message[2] / 127)
            case _:
                return Taken(action) if action else None

    def _strike(self, key: tuple[int, int], action: str | None) -> Taken | None:
        if action:
            self._struck.add(key)
            return Taken(action)
        self._played.add(key)
        return None

    def _let_go(self, key: tuple[int, int]) -> Taken | None:
        """A key goes up: what was played ends, what was not does not."""
        unheard = key in self._struck and key not in self._played
        self._struck.discard(key)
        self._played.discard(key)
        return Taken(None) if unheard else None

    def _press(self, pedal: tuple[int, int], down: bool, action: str | None) -> Taken | None:
        pressed = pedal in self._pressed
        if not down:
            self._pressed.discard(pedal)
        elif action:
            self._pressed.add(pedal)
        # A pedal unbound while it is down was never played, so its way up is not either.
        if not action:
            return Taken(None) if pressed and not down else None
        return Taken(action if down and not pressed else None)

    def _action(self, kind: int, number: int, channel: int) -> str | None:
        exact = self._table.get(Trigger(kind, number, channel))
        return exact or self._table.get(Trigger(kind, number))


class Learning:
    """The next message of the right kind becomes the binding of an action. [loop]"""

    def __init__(self, action: str) -> None:
        """UserError if there is no such action."""
        _check(action)
        self.action = action

    def hear(self, message: bytes) -> Trigger | None:
        """The trigger, if this message is one; the message is not to be played then.

        Buttons learn keys, pads, pedals and programs as they are pressed; dials learn controllers.
        """
        kind = midi.kind(message)
        pressed = kind != midi.CONTROL or message[2] >= midi.PEDAL_DOWN
        dial = self.action in DIALS
        if kind not in _WORDS or not (kind == midi.CONTROL if dial else pressed):
            return None
        return Trigger(kind, message[1], midi.channel(message))


def table(texts: Mapping[str, str]) -> dict[Trigger, str]:
    """The bindings of actions, each one trigger, several with commas between, or none.

    Raises UserError for what is no action or no trigger, or does two things.
    """
    bound: dict[Trigger, str] = {}
    for action, text in texts.items():
        _check(action)
        for one in filter(str.strip, text.split(",")):
            trigger = Trigger.parse(one)
            if action in DIALS and trigger.kind != midi.CONTROL:
                raise UserError(f"{action} is a dial: bind it to a controller, as in 'cc 20'.")
            if trigger in bound:
                raise UserError(f"{trigger} is bound to {bound[trigger]} and to {action}.")
            bound[trigger] = action
    return bound


def texts(bound: Mapping[Trigger, str]) -> dict[str, str]:
    """The other way: what is written for each action that is bound."""
    by_action: dict[str, list[str]] = {}
    for trigger, action in bound.items():
        by_action.setdefault(action, []).append(str(trigger))
    return {action: ", ".join(triggers) for action, triggers in by_action.items()}


def learnt(bound: Mapping[Trigger, str], action: str, trigger: Trigger) -> dict[Trigger, str]:
    """The bindings with this one, and without what it takes the place of."""
    others = {one: does for one, does in bound.items() if does != action and one != trigger}
    return others | {trigger: action}


def _check(action: str) -> None:
    if action not in ACTIONS:
        raise UserError(f"{action!r} cannot be bound; there are {_listed(ACTIONS)}.")


def _number(text: str, whole: str) -> int:
    if not text.isdecimal() or int(text) > 127:
        raise UserError(f"{whole!r} has no number of MIDI, which are 0 to 127.")
    return int(text)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
