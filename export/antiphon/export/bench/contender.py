"""What takes part: an engine, the form in which it holds a network, and its sessions at work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..network.quantise import Array
from .subject import Precision

PHRASE = 512
"""Rows of the phrase that is fed in one go when feeding is timed."""


class Runner(Protocol):
    """Some sessions of one engine, in step, with the same number of rows each.

    What a step needs is made ready before: only the engine's own work is timed.
    """

    def back(self) -> None:
        """Forget the steps, so that the next is the first again."""

    def step(self) -> None:
        """Feed each session its next token."""

    def phrase(self) -> None:
        """Forget the first session's rows, and feed it `PHRASE` of them again."""

    def logits(self) -> Array:
        """Of the first session and of the last, behind the token fed last (2, V)."""


class Form(NamedTuple):
    """One engine, set in one way."""

    engine: str
    precision: Precision
    setting: str = ""
    """What else is set."""

    @property
    def bits(self) -> int:
        """Of a weight."""
        return self.precision.bits

    @property
    def kept(self) -> int:
        """Bits of keys and values."""
        return self.precision.kept

    @property
    def name(self) -> str:
        """As a table says it."""
        setting = f", {self.setting}" if self.setting else ""
        return f"{self.engine}, {self.bits} bit, cache {self.kept}{setting}"


class Contender(NamedTuple):
    """A form, and how it is put to work."""

    form: Form
    start: Callable[[Array, int], Runner]
    """Given `tokens` (sessions, rows) and how many of the rows to feed first; the others are the
    steps. Writes the files it needs, if they are not there yet.
    """
