from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.pulse_line import PulseLine, edge

MS = 1_000_000
LATENESS = st.lists(st.integers(0, 20 * MS), min_size=6, max_size=24)


@given(LATENESS)
def test_the_line_is_the_one_below_all_points_and_closest_to_them(late: list[int]) -> None:
    points = [(n, n * 20 * MS + by) for n, by in enumerate(late)]
    line = edge(points)

    def gap(a: tuple[int, int], b: tuple[int, int]) -> float | None:
        slope = (b[1] - a[1]) / (b[0] - a[0])
        gaps = [ns - (a[1] + (n - a[0]) * slope) for n, ns in points]
        return sum(gaps) if min(gaps) >= -1e-3 else None

    slow = min(total for a, b in combinations(points, 2) if (total := gap(a, b)) is not None)
    total = sum(ns - (line.ns + (n - line.number) * line.period_ns) for n, ns in points)
    assert total == pytest.approx(slow, rel=1e-6, abs=1)
    assert all(ns >= line.at(n) - 1 for n, ns in points)


@given(st.lists(st.integers(0, 200 * MS), min_size=12, max_size=12))
def test_a_burst_of_stragglers_moves_nothing(late: list[int]) -> None:
    line = PulseLine(25 * MS)
    for n in range(96):
        straggles = late[n % 12] if 48 <= n < 50 else 0
        line.take(n, n * 20 * MS + straggles)
    assert line.line.at(100) == 2000 * MS


def test_before_there_are_enough_pulses_the_tempo_is_believed() -> None:
    line = PulseLine(25 * MS)
    assert line.take(0, 100 * MS).at(4) == 200 * MS
    assert line.take(1, 127 * MS).at(4) == 200 * MS
    assert line.take(2, 145 * MS).at(4) == 195 * MS


def test_anew_means_the_old_phase_is_forgotten() -> None:
    line = PulseLine(25 * MS)
    for n in range(50):
        line.take(n, n * 20 * MS)
    assert line.begin_anew(50, 1007 * MS).at(51) == 1027 * MS
