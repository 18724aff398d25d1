"""Where the keys come from when nobody said it, what a file changes, where the engine listens."""

from __future__ import annotations

import socket

import pytest

from antiphon.bridge import play
from antiphon.bridge.compensation import Compensation
from antiphon.bridge.config import Clock, Settings
from antiphon.bridge.hearing import Phrase

ADVICE = "`antiphon play --in virtual`"


@pytest.mark.real
@pytest.mark.usefixtures("no_midi")
def test_a_virtual_port_is_not_recommended_where_there_can_be_none() -> None:
    source, why = play.choose_source()

    assert source is None
    assert why == "No keyboard can be heard here."
    assert ADVICE not in why


def test_a_machine_without_a_keyboard_can_wait_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(play, "list_inputs", lambda: ["Midi Through Port-0", "Antiphon out"])
    assert play.choose_source() == (None, f"No keyboard was found; {ADVICE} waits for one.")

    monkeypatch.setattr(play, "list_inputs", lambda: ["Midi Through Port-0", "reface CP"])
    assert play.choose_source() == ("reface CP", "")


def test_a_file_has_no_way_in_and_says_its_tempo() -> None:
    phrase = Phrase((), (), 77.0, (3, 4), {})
    wished = Settings(latency=Compensation(40, 30), clock=Clock.GUESS)
    settings = play._for_file(wished, phrase)

    assert settings.latency == Compensation(40, 0)
    assert (settings.clock, settings.bpm, settings.metre) == (Clock.INTERNAL, 77.0, (3, 4))
    assert play._for_file(Settings(bpm=96), phrase).bpm == 96


@pytest.mark.real
def test_who_comes_second_to_the_port_starts_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        first.listen()
        taken = f"tcp://127.0.0.1:{first.getsockname()[1]}"
        monkeypatch.setattr(play, "free_endpoint", lambda: taken)
        engine = play._engine(None)

    engine.close()
    assert engine.endpoint.startswith("tcp://127.0.0.1:")
    assert engine.endpoint != taken
