"""One port by name: opened, lost, found again. It knows ports by what they answer, and no time.

A look costs what listing the ports costs: 0.2 ms on JACK, where opening one takes 20.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Generic, Protocol, TypeVar

from antiphon.engine.errors import NoMidiSystem, PortNotFound


class Seen(Enum):
    """What a look found."""

    SAME = "same"
    GONE = "gone"
    BACK = "back"
    CUT = "cut"
    """The MIDI system itself is gone; only another process can go on."""


class Port(Protocol):
    """What a lookout needs of a port."""

    name: str

    @property
    def cut(self) -> bool:
        """Whether the MIDI system that it belongs to is gone. [may block]"""

    def peers(self) -> list[str]:
        """Names of the ports there are to connect to. [may block]"""

    def connect(self, index: int | None) -> None:
        """Connect to one of them anew, or for None be one; raises PortNotFound. [may block]"""

    def close(self) -> None:
        """Let go of it. [may block]"""


P = TypeVar("P", bound=Port)


class Lookout(Generic[P]):
    """Keeps one port connected to what it was meant to be. [may block]"""

    def __init__(self, make: Callable[[], P], asked: str | None) -> None:
        """`make` gives a port that is not connected; `asked` is part of a name, None a virtual."""
        self.port: P | None = None
        """What there is to play to or to listen to, None before it was ever there."""
        self.here = False
        self._make, self._asked = make, asked
        self._others: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """What it is called: its full name, once that is known."""
        return self.port.name if self.port and self.port.name else self._asked or ""

    def begin(self) -> P:
        """Open it now; raises PortNotFound, NoMidiSystem."""
        port = self._make()
        try:
            port.connect(None if self._asked is None else match(self._asked, port.peers()))
        except PortNotFound:
            port.close()
            raise
        self.port, self.here = port, True
        return port

    def look(self) -> Seen:
        """See whether it is still there, or there again, and then connect to it."""
        if self.port is None:
            try:
                self.port = self._make()
            except NoMidiSystem:
                return Seen.SAME
        if self.port.cut:
            return Seen.CUT
        if not self.here:
            return self._search(self.port)
        return Seen.SAME if self._asked is None else self._check(self.port)

    def _check(self, port: P) -> Seen:
        names = port.peers()
        if port.name in names:
            self._others = frozenset(names) - {port.name}
            return Seen.SAME
        self.here = False
        return Seen.GONE

    def _search(self, port: P) -> Seen:
        try:
            port.connect(self._found(port))
        except PortNotFound:  # not there, or gone again already
            return Seen.SAME
        self.here = True
        return Seen.BACK

    def _found(self, port: P) -> int | None:
        if self._asked is None:
            return None
        names = port.peers()
        return (
            found_again(port.name, names, self._others) if port.name else match(self._asked, names)
        )


_NUMBER = re.compile(r" \d+:\d+$| \[\d+\](?= )")


def match(asked: str, names: Sequence[str]) -> int:
    """Index of the one name that contains `asked`, or is it; PortNotFound says what there is."""
    wanted = asked.lower()
    exact = [index for index, known in enumerate(names) if known.lower() == wanted]
    found = exact or [index for index, known in enumerate(names) if wanted in known.lower()]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(repr(names[index]) for index in found or range(len(names))) or "none"
    if found:
        raise PortNotFound(f"{len(found)} MIDI ports match {asked!r}, say which: {listed}.")
    raise PortNotFound(f"No MIDI port matches {asked!r}. There are: {listed}.")


def found_again(name: str, names: Sequence[str], others: frozenset[str]) -> int:
    """Index of a port that went and is back; PortNotFound while it is not.

    A system that numbers its ports may give it another number; a twin that was there all along,
    one of `others`, is not it.
    """
    if name in names:
        return names.index(name)
    plain = _NUMBER.sub("", name)
    for index, known in enumerate(names):
        if _NUMBER.sub("", known) == plain and known not in others:
            return index
    raise PortNotFound(f"{name!r} is not there.")
