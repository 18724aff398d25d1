"""Percentiles by nearest rank."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.percentile import percentile


@pytest.mark.parametrize(("percent", "expected"), [(50, 10), (95, 19), (99, 20), (100, 20)])
def test_of_twenty_values(percent: int, expected: int) -> None:
    assert percentile(range(20, 0, -1), percent) == expected


def test_of_nothing_it_is_nothing() -> None:
    assert percentile([], 50) == 0


@given(st.lists(st.integers(), min_size=1), st.integers(1, 100))
def test_it_is_the_least_value_that_so_many_do_not_exceed(values: list[int], percent: int) -> None:
    def share(limit: int) -> float:
        return 100 * sum(value <= limit for value in values) / len(values)

    found = percentile(values, percent)
    assert found in values
    assert share(found) >= percent
    assert all(share(value) < percent for value in values if value < found)
