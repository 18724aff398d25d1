from __future__ import annotations

import pytest

from antiphon.bridge.lengths import ENDLESS_BEATS, LONGEST_BEATS, Length, metre, parse
from antiphon.engine.errors import UserError


@pytest.mark.parametrize(
    ("text", "bars", "length"),
    [
        ("phrase", (4, 4), Length()),
        ("8", (4, 4), Length(8)),
        ("1 beat", (4, 4), Length(1)),
        ("4bars", (4, 4), Length(16)),
        ("4 bars", (3, 4), Length(12)),
        ("3bars", (3, 8), Length(5)),
        ("ending", (4, 4), Length(LONGEST_BEATS, own_ending=True)),
        ("endless", (4, 4), Length(ENDLESS_BEATS)),
    ],
)
def test_lengths_as_they_are_said(text: str, bars: tuple[int, int], length: Length) -> None:
    assert parse(text, bars) == length


@pytest.mark.parametrize("text", ["", "0", "-1", "bars", "1.5", "4097", "2000bars", "for ever"])
def test_what_is_no_length_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(UserError):
        parse(text, (4, 4))


def test_metres_as_they_are_written() -> None:
    assert [metre(text) for text in ("4/4", "3/4", "12/8")] == [(4, 4), (3, 4), (12, 8)]
    for text in ("", "4", "0/4", "4/5", "33/4", "-3/4"):
        with pytest.raises(UserError, match="no metre"):
            metre(text)
