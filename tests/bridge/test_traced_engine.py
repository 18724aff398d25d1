"""What the engine says, and whether it is there, told on in the order in which it happened."""

from __future__ import annotations

from antiphon.bridge import link
from antiphon.bridge.journal import Replied
from antiphon.bridge.traced_engine import TracedEngine
from antiphon.engine.notes import Note
from antiphon.engine.protocol import VERSION, Cancel, Done, Notes, Welcome
from theatre import FakeEngine

NOTES = Notes(1, 1, (Note(0, 0, 60, 5, 80),))
ASKED = Cancel(1)
DONE = Done(1, 1, "until", 3, 1, 1)


class Greeted(FakeEngine):
    """An engine that may have said its name."""

    welcome: Welcome | None = None


class Trace:
    """A traced engine, and all that was told of it."""

    def __init__(self) -> None:
        self.engine = Greeted()
        self.engine.present = False
        self.told: list[link.EngineIs | Replied] = []
        self.traced = TracedEngine(self.engine, self.told.append, self.told.append)

    def poll(self) -> list[object]:
        return [*self.traced.poll(0)]


def welcome(model: str) -> Welcome:
    return Welcome(VERSION, model, ())


def test_nobody_there_is_nothing_to_tell() -> None:
    t = Trace()

    assert t.poll() == []
    assert t.told == []
    assert not t.traced.present


def test_it_came_spoke_and_went_in_that_order() -> None:
    t = Trace()
    t.engine.present, t.engine.welcome = True, welcome("small")
    t.engine.replies += [NOTES, DONE]
    assert t.poll() == [NOTES, DONE], "whoever asks hears the same"
    assert t.traced.present
    assert t.poll() == []
    t.engine.present = False
    t.poll()

    assert t.told == [
        link.EngineIs(True, "small"), Replied(NOTES), Replied(DONE), link.EngineIs(False, "small")
    ]  # fmt: skip


def test_one_that_did_not_say_its_name_has_none() -> None:
    t = Trace()
    t.engine.present = True
    t.poll()

    assert t.told == [link.EngineIs(True, "")]


def test_what_is_asked_is_passed_on_and_noticed() -> None:
    t = Trace()
    t.engine.present = True
    assert not t.traced.asked
    assert t.traced.send(ASKED)
    assert t.traced.asked
    t.engine.full, t.traced.asked = True, False
    assert not t.traced.send(ASKED), "there is no room"
    assert t.traced.asked

    assert t.engine.told == [ASKED]
    t.traced.renew(5_000_000)
    assert t.engine.renewed == [5.0]
