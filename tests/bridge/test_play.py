"""Where the keys come from when nobody said it."""

from __future__ import annotations

import pytest

from antiphon.bridge import play

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
