from __future__ import annotations

import pytest

from antiphon.bridge.compensation import MOST_NS, Compensation

MS = 1_000_000


def test_keys_are_dated_back_and_messages_sent_ahead() -> None:
    ways = Compensation(output_ns=5 * MS, input_ns=3 * MS)
    assert ways.played_ns(100 * MS) == 97 * MS
    assert ways.heard_ns(100 * MS) == 105 * MS
    assert ways.noticed_ns(ways.played_ns(100 * MS)) == 100 * MS
    assert Compensation().played_ns(7) == Compensation().heard_ns(7) == 7


def test_a_loop_is_shared_out_evenly_without_what_chance_added() -> None:
    assert Compensation.from_loop([9 * MS, 6 * MS, 40 * MS]) == Compensation(3 * MS, 3 * MS)


@pytest.mark.parametrize("ways", [(-1, 0), (0, -1), (MOST_NS + 1, 0), (0, MOST_NS + 1)])
def test_latencies_that_cannot_be_are_refused(ways: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="latency"):
        Compensation(*ways)


def test_a_loop_that_nothing_came_back_from_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Compensation.from_loop([])
