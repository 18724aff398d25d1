from __future__ import annotations

import pytest

from antiphon.bridge.lookout import Lookout, Seen
from antiphon.engine.errors import NoMidiSystem, PortNotFound


class System:
    """A MIDI system with the ports that a test says."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.there = True
        self.made = 0


class Fake:
    def __init__(self, system: System) -> None:
        if not system.there:
            raise NoMidiSystem
        system.made += 1
        self.name, self.cut, self._system = "", False, system

    def peers(self) -> list[str]:
        return list(self._system.names)

    def connect(self, index: int | None) -> None:
        self.name = "virtual" if index is None else self._system.names[index]

    def close(self) -> None:
        self._system.made -= 1


def lookout(system: System, asked: str | None) -> Lookout[Fake]:
    return Lookout(lambda: Fake(system), asked)


def test_a_port_goes_and_comes_back_under_another_number() -> None:
    system = System("Piano 20:0", "Piano 24:0", "Pads [3] (capture): MIDI 1")
    piano = lookout(system, "24:0")
    piano.begin()
    assert piano.look() is Seen.SAME
    system.names.remove("Piano 24:0")
    assert [piano.look() for _ in range(2)] == [Seen.GONE, Seen.SAME]
    assert (piano.name, piano.here) == ("Piano 24:0", False)
    system.names.append("Piano 28:0")
    assert (piano.look(), piano.name) == (Seen.BACK, "Piano 28:0")
    assert piano.look() is Seen.SAME
    assert system.made == 1


def test_names_of_bridges_are_numbered_too() -> None:
    system = System("a2j:Pads [20] (capture): MIDI 1")
    pads = lookout(system, "pads")
    pads.begin()
    system.names = []
    pads.look()
    system.names = ["a2j:Pads [24] (capture): MIDI 1"]
    assert pads.look() is Seen.BACK


def test_a_wrong_name_is_refused_and_leaves_nothing_open() -> None:
    system = System("one", "two", "twofold")
    with pytest.raises(PortNotFound, match=r"'three'.*'one', 'two', 'twofold'"):
        lookout(system, "three").begin()
    with pytest.raises(PortNotFound, match="3 MIDI ports match 'o'"):
        lookout(system, "o").begin()
    lookout(system, "two").begin()
    assert system.made == 1


def test_a_port_that_was_never_there_is_waited_for_with_one_client() -> None:
    system = System()
    system.there = False
    late = lookout(system, "piano")
    assert late.look() is Seen.SAME
    system.there = True
    assert [late.look() for _ in range(3)] == [Seen.SAME] * 3
    system.names.append("Piano 20:0")
    assert (late.look(), late.name) == (Seen.BACK, "Piano 20:0")
    assert system.made == 1


def test_a_port_of_our_own_lasts_as_long_as_the_system() -> None:
    virtual = lookout(System(), None)
    port = virtual.begin()
    assert virtual.look() is Seen.SAME
    port.cut = True
    assert virtual.look() is Seen.CUT
