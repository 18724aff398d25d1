"""The picture of measured times: its labels as boxes, and that there is a picture."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from antiphon.bridge import chart

WIDTH = 1000
TIMES = st.lists(st.floats(0, 100_000), min_size=1, max_size=200).map(sorted)


@given(TIMES, st.floats(1, 10))
def test_labels_never_overlap_nor_leave_the_picture_and_keep_their_order(
    values: list[float], room: float
) -> None:
    labels = chart.labels(values, max(values[-1], 0.1) * room, bottom=90)

    assert [label.text.split()[0] for label in labels] == ["p50", "p95", "p99"]
    for before, after in itertools.pairwise(labels):
        assert before.right < after.left
    assert all(0 <= label.left < label.right <= WIDTH for label in labels)
    assert all(0 <= label.top < label.bottom == 90 for label in labels)


@pytest.mark.parametrize("step", [0, 0.1, 10])
def test_labels_are_as_wide_as_their_texts_wherever_they_are(step: float) -> None:
    narrow, wide = (
        chart.labels([first + step * i for i in range(3)], 20_000, 90)[0] for first in (1, 10_000)
    )

    assert (narrow.text, wide.text) == (f"p50 {1 + step:.1f}", f"p50 {10_000 + step:.1f}")
    assert narrow.right - narrow.left < wide.right - wide.left


def test_labels_with_room_begin_where_their_values_are() -> None:
    values = [20.0] * 6 + [40.0] * 88 + [60.0] * 4 + [80.0] * 2
    left = [label.left for label in chart.labels(values, 100, 90)]
    axis = chart.labels([0.0], 100, 90)[0].left

    assert left[1] - left[0] == pytest.approx(left[2] - left[1])
    assert (left[0] - axis) / (left[1] - left[0]) == pytest.approx(2)


def test_a_row_for_each_series(tmp_path: Path) -> None:
    heights = []
    for rows in (1, 2):
        series = {f"row {i}": [1.0, 1.0, 1.1] for i in range(rows)}
        chart.draw(tmp_path / "doctor.png", series, title="Latency, ms")
        with Image.open(tmp_path / "doctor.png") as image:
            heights.append(image.height)
            assert image.width == WIDTH

    assert heights[0] < heights[1]
