"""The order of playing, as a player reads it; and every order ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.export.corpus.repeats import Signs, playing_order

PLAIN = Signs()
FORWARD = Signs(forward=True)
BACK = Signs(plays=2)


def order(*bars: Signs) -> str:
    """Bars by their letters."""
    return "".join("ABCDEFGH"[i] for i in playing_order(bars))


@pytest.mark.parametrize(
    ("bars", "played"),
    [
        ((PLAIN, PLAIN, PLAIN), "ABC"),
        ((PLAIN, BACK, PLAIN), "ABABC"),
        ((PLAIN, FORWARD, BACK, PLAIN), "ABCBCD"),
        ((PLAIN, BACK, PLAIN, BACK), "ABABCDCD"),
        ((FORWARD, Signs(plays=3), PLAIN), "ABABABC"),
        ((PLAIN, Signs(endings=(1,), plays=2), Signs(endings=(2,)), PLAIN), "ABACD"),
        ((PLAIN, Signs(endings=(1, 2), plays=2), Signs(endings=(3,)), PLAIN), "ABABACD"),
        # The last ending has a repeat sign too, as some programs write it.
        ((PLAIN, Signs(endings=(1,), plays=2), Signs(endings=(2,), plays=2), PLAIN), "ABACD"),
        # Without a sign the next repeat begins where the last one ended.
        ((PLAIN, Signs(endings=(1,), plays=2), Signs(endings=(2,)), PLAIN, BACK), "ABACDEDE"),
        ((PLAIN, Signs(fine=True), Signs(da_capo=True)), "ABCAB"),
        ((BACK, Signs(fine=True), Signs(da_capo=True)), "AABCAB"),
        ((PLAIN, Signs(segno=True), Signs(dal_segno=True), PLAIN), "ABCBCD"),
        (
            (PLAIN, Signs(to_coda=True), Signs(da_capo=True), Signs(coda=True), PLAIN),
            "ABCABDE",
        ),
        # After the da capo, of endings the last.
        (
            (PLAIN, Signs(endings=(1,), plays=2), Signs(endings=(2,)), Signs(da_capo=True)),
            "ABACDACD",
        ),
        # Signs that lead nowhere.
        ((PLAIN, Signs(dal_segno=True), PLAIN), "ABABC"),
        ((PLAIN, Signs(to_coda=True), Signs(da_capo=True)), "ABCABC"),
        ((Signs(endings=(2,)), PLAIN), "B"),
    ],
)  # fmt: skip
def test_bars_are_played_in_the_order_of_their_signs(bars: tuple[Signs, ...], played: str) -> None:
    assert order(*bars) == played


SIGNS = st.builds(
    Signs,
    forward=st.booleans(),
    plays=st.integers(0, 4),
    endings=st.lists(st.integers(1, 4), max_size=2).map(tuple),
    segno=st.booleans(),
    coda=st.booleans(),
    fine=st.booleans(),
    to_coda=st.booleans(),
    da_capo=st.booleans(),
    dal_segno=st.booleans(),
)


@given(st.lists(SIGNS, max_size=12))
def test_whatever_the_signs_it_ends_and_no_bar_comes_too_often(bars: list[Signs]) -> None:
    played = playing_order(bars)
    assert all(0 <= bar < len(bars) for bar in played)
    assert len(played) <= 10 * len(bars)
