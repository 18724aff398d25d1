"""What comes by hand while playing, a letter each: from the terminal, a pedal, a pad or a page.

A dial's letter is followed by where it stands, 0 to 127. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from .actions import Action, Dial
from .bindings import Bindings, Learning, learnt, table
from .stage import Input, Stage

QUIT, HANDOVER, PANIC, SILENCE = b"q", b"h", b"p", b"s"
ACTIONS: dict[bytes, Action] = {
    HANDOVER: Action.HANDOVER,
    QUIT: Action.SILENCE,
    PANIC: Action.PANIC,
    SILENCE: Action.SILENCE,
    b"r": Action.REROLL,
    b"o": Action.OTHER,
    b"k": Action.KEEP,
    b"x": Action.REJECT,
    b"u": Action.UNDO,
    b"l": Action.LOCK,
    b"m": Action.MODE,
}
"""What each letter does on the stage."""
DIALS: dict[bytes, Dial] = {
    b"t": Dial.TEMPERATURE,
    b"d": Dial.DENSITY,
    b"e": Dial.EAGERNESS,
}
LEARN = b"b"
"""Before the letter of an action: the pedal, pad or key that is pressed next does that."""
NOBODY = b"?"
"""The letter of nothing."""
LETTERS: dict[str, bytes] = {
    **{action.value: letter for letter, action in ACTIONS.items()},
    **{dial.value: letter for letter, dial in DIALS.items()},
    "silence": SILENCE,
}
"""The letter of each action and dial, by its name."""
FULL = 127
PATIENCE_NS = 10_000_000_000
"""How long a pedal, pad or key that is to be learnt is waited for."""


def obey(command: bytes, stage: Stage, now_ns: int) -> None:
    """Do on the stage what a command asks for; one that nobody knows does nothing. [loop]"""
    letter = command[:1]
    if action := ACTIONS.get(letter):
        stage.act(now_ns, action)
    elif (dial := DIALS.get(letter)) and len(command) > 1:
        stage.session.turn_dial(dial, command[1] / FULL)


class Hands:
    """The player's messages without those that are bound to something; these become commands."""

    def __init__(self, source: Input, bound: Mapping[str, str]) -> None:
        self._source = source
        self._table = table(bound)
        self._bindings = Bindings(self._table)
        self._commands: list[bytes] = []
        self._asked = False
        self._learning: Learning | None = None
        self._until_ns: int | None = None
        """When it is given up; None before the time is known."""
        self._learnt: list[tuple[str, str]] = []

    def receive(self) -> bytes | None:
        """The next message that is to be played, None if there is none now. [loop]"""
        while (message := self._source.receive()) is not None:
            if self._learns(message):
                continue
            taken = self._bindings.take(message)
            if taken is None:
                return message
            if taken.action is not None:
                self._commands.append(_command(taken.action, taken.value))
        return None

    def learn(self, command: bytes) -> bool:
        """Whether a command is about learning, and so is no other command. [loop]"""
        if self._asked:
            self._asked, name = False, NAMES.get(command[:1])
            self._learning, self._until_ns = Learning(name) if name else None, None
            return True
        self._asked = command[:1] == LEARN
        return self._asked

    def news(self, now_ns: int) -> list[str]:
        """A sentence when nothing came for so long that nothing will be learnt. [loop]"""
        if self._learning is None:
            return []
        if self._until_ns is None:
            self._until_ns = now_ns + PATIENCE_NS
        if now_ns < self._until_ns:
            return []
        action, self._learning = self._learning.action, None
        seconds = PATIENCE_NS // 1_000_000_000
        return [f"Nothing was pressed for {seconds} s, so {action} is bound as it was."]

    def learnt(self) -> list[tuple[str, str]]:
        """(action, MIDI message) of what was learnt since the last time. [loop]"""
        news, self._learnt = self._learnt, []
        return news

    def commands(self) -> list[bytes]:
        """What was asked for since the last time. [loop]"""
        commands, self._commands = self._commands, []
        return commands

    def _learns(self, message: bytes) -> bool:
        """Whether a message was waited for: then it is bound."""
        trigger = self._learning.hear(message) if self._learning else None
        if trigger is None or self._learning is None:
            return False
        action, self._learning = self._learning.action, None
        self._table = learnt(self._table, action, trigger)
        self._bindings.change(self._table)
        self._bindings.take(message)  # it is pressed now, and does nothing this time
        self._learnt.append((action, str(trigger)))
        return True


NAMES = {letter: name for name, letter in LETTERS.items()}
"""The action or dial of each letter."""


def _command(name: str, value: float) -> bytes:
    letter = LETTERS[name]
    return letter + bytes((round(FULL * value),)) if letter in DIALS else letter
