"""Where an answer is over, and where the piece may end with it."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.engine.ending import ENDING_NATS, Ending
from antiphon.engine.protocol import Answer
from antiphon.engine.vocabulary import END, STYLE

BAR = 192


def favoured(ending: Ending, tick: int) -> float:
    """By how many nats the end is favoured at a tick; nothing else is."""
    logits = np.full(STYLE, 2, np.float32)
    ending.favour(logits, tick)
    assert set(np.delete(logits, END).tolist()) == {2}
    return float(logits[END]) - 2


def test_without_an_end_the_answer_lasts_until_it_is_over_and_may_not_end_before() -> None:
    ending = Ending(Answer(1, 1, 0, 960), BAR)

    assert ending.until == 960
    assert not ending.allowed(959)
    assert favoured(ending, 959) == 0


def test_one_that_may_end_may_do_so_at_any_time_and_is_not_pulled() -> None:
    ending = Ending(Answer(1, 1, 0, 960, may_end=True), BAR)

    assert ending.allowed(0)
    assert favoured(ending, 900) == 0


@pytest.mark.parametrize(
    ("tick", "allowed", "nats"),
    [(0, False, 0), (767, False, 0), (768, True, 0), (960, True, 0.5), (1152, True, 1)],
)
def test_a_piece_ends_from_a_bar_before_its_end_to_a_bar_after(
    tick: int, allowed: bool, nats: float
) -> None:
    ending = Ending(Answer(1, 1, 0, 5000, may_end=True, ends=960), BAR)

    assert ending.until == 960 + BAR
    assert ending.allowed(tick) == allowed
    assert favoured(ending, tick) == ENDING_NATS * nats


def test_an_answer_inside_the_piece_is_over_where_it_was_asked_to_be() -> None:
    assert Ending(Answer(1, 1, 0, 500, ends=960), BAR).until == 500
