"""What kind of music it is, in rows: the order of training, blends, and blends that move."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import UserError
from antiphon.engine.labels import STEP, Labels, mixed, percent
from antiphon.engine.protocol import Open
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import Vocabulary
from antiphon.engine.wishes import Blend

STYLES = ("Chopin_F", "hymn", "Bach_JS")
CHOPIN, HYMN, BACH = (vocab.STYLE + i for i in range(3))
shares = st.floats(0, 1)


def test_labels_say_style_instruments_tempo_and_metre_in_this_order() -> None:
    opened = Open(1, styles=("bach",), bpm=96, metre=(3, 4), blend=Blend("Chopin", "hymn", 0.3))
    rows = Labels(Vocabulary(STYLES), opened).at(0, (16, 0))

    assert rows == (
        Row(BACH),
        Row(CHOPIN, other=HYMN, share=30),
        Row(vocab.WITH), Row(vocab.WITH + 16),
        Row(vocab.tempo_id(96)),
        Row(vocab.metre_id(3, 4)),
    )  # fmt: skip


def test_where_nothing_is_asked_for_nothing_is_told() -> None:
    assert Labels(Vocabulary(STYLES), Open(1)).at(0.5, ()) == ()


@pytest.mark.parametrize(
    "opened", [Open(1, styles=("nobody",)), Open(1, blend=Blend("hymn", "nobody"))]
)
def test_a_style_nobody_knows_is_refused_by_name(opened: Open) -> None:
    with pytest.raises(UserError, match="nobody"):
        Labels(Vocabulary(STYLES), opened)


@given(st.integers(0, 100))
def test_a_mix_weighs_each_style_as_asked_and_names_the_larger_first(share: int) -> None:
    row = mixed(CHOPIN, HYMN, share)
    weights = {row.token: 100 - row.share}
    weights[row.other] = weights.get(row.other, 0) + row.share

    assert weights.get(HYMN, 0) == share
    assert weights.get(CHOPIN, 0) == 100 - share
    assert row.share <= 50
    assert (row.other == 0) == (row.share == 0)


@given(shares, shares)
def test_a_blend_that_stays_is_the_same_at_any_time(share: float, passed: float) -> None:
    assert percent(Blend("a", "b", share), passed) == round(100 * share)


@given(shares, shares, st.lists(shares, min_size=2, max_size=9))
def test_a_blend_that_moves_goes_one_way_from_its_share_to_where_it_ends(
    share: float, toward: float, moments: list[float]
) -> None:
    blend = Blend("a", "b", share, toward)
    way = [percent(blend, passed) for passed in sorted(moments)]

    assert abs(percent(blend, 0) - 100 * share) <= STEP / 2
    assert abs(percent(blend, 1) - 100 * toward) <= STEP / 2
    assert way == sorted(way, reverse=share > toward)
    for passed, told in zip(sorted(moments), way, strict=True):
        assert abs(told - 100 * (share + (toward - share) * passed)) <= STEP / 2 + 1e-9
