"""The table of states: every step there is, and that no other changes anything."""

from __future__ import annotations

import itertools

import pytest

from antiphon.bridge.states import TABLE, State, step
from antiphon.engine.errors import IllegalStep

EVENTS = sorted({event for _, event in TABLE})


@pytest.mark.parametrize(("state", "event"), sorted(TABLE, key=str))
def test_every_step_of_the_table_leads_where_it_says(state: State, event: str) -> None:
    assert step(state, event) is TABLE[state, event]


@pytest.mark.parametrize(
    ("state", "event"),
    [pair for pair in itertools.product(State, EVENTS) if pair not in TABLE],
)
def test_an_illegal_step_raises(state: State, event: str) -> None:
    with pytest.raises(IllegalStep, match=state.value):
        step(state, event)


def test_every_state_can_be_reached_and_left() -> None:
    assert set(TABLE.values()) == set(State)
    assert {source for source, _ in TABLE} == set(State)
