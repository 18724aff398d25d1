"""What fits is measured, and more fit on a machine that is faster."""

from __future__ import annotations

import pytest

from antiphon.engine import capacity as measured
from antiphon.engine.capacity import BATCH, capacity
from antiphon.engine.model import Model
from bundles import tiny_model


def test_a_tiny_network_leaves_room_for_many() -> None:
    assert capacity(tiny_model()) > 20


def test_twice_as_slow_holds_half_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    def fits(ns: int) -> int:
        monkeypatch.setattr(Model, "step_ns", lambda self, sessions: ns * sessions // BATCH)
        return capacity(tiny_model())

    assert 0 < fits(16_000_000) == fits(8_000_000) // 2
    assert fits(10**12) == 1


def test_measuring_takes_no_place_for_good() -> None:
    before = tiny_model().pool.free
    tiny_model().step_ns(4)

    assert tiny_model().pool.free == before
    assert measured.BUSY < 1
