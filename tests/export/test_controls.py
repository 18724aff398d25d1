"""Bands that come in, pieces that end, styles that are told apart."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.engine.notes import Note
from antiphon.engine.wishes import Feel
from antiphon.export.audition import endings, entering
from antiphon.export.audition.conversation import Player
from antiphon.export.audition.endings import Ending
from antiphon.export.audition.entering import bars_until_all_in, entrances
from antiphon.export.audition.styles import FEWEST_PIECES, comparable, examined, follows, real
from bundles import tiny_model
from pieces import corpus_of, table, tune


def test_a_band_is_all_in_when_its_last_instrument_is_heard_first() -> None:
    notes = np.concatenate([table([60] * 9, 192), table([60] * 2, 96, 480, instrument=3)])

    assert bars_until_all_in(notes, [0, 3]) == 2.5
    assert bars_until_all_in(notes, [0]) == 0
    assert bars_until_all_in(notes, [0, 3, 5]) == np.inf


def test_a_model_of_random_weights_brings_in_most_of_a_band() -> None:
    figures = entrances(Player(tiny_model(), Feel()), 2)

    # Whoever is missing is pulled in by the engine, whatever the model thinks.
    assert figures["bars until all are in, most"] < 10


def test_endings_are_summed_up() -> None:
    figures = endings.summed_up([Ending(True, 0.5), Ending(True, -1.0), Ending(False, 4.0)])

    assert figures["pieces without a note"] == 0
    assert figures["ended within a bar"] == pytest.approx(2 / 3)
    assert figures["beats from the ending to silence, median"] == 1
    assert figures["beats from the ending to silence, most"] == 4


def test_a_piece_without_a_note_has_not_ended() -> None:
    assert endings.summed_up([Ending(True, None), Ending(True, 3.0)]) == {
        "ended within a bar": 0.5,
        "pieces without a note": 0.5,
        "beats from the ending to silence, median": 3,
        "beats from the ending to silence, most": 3,
    }
    nothing = endings.summed_up([Ending(True, None)])
    assert nothing == {"ended within a bar": 0, "pieces without a note": 1}


def test_bands_that_never_come_in_count_apart() -> None:
    assert entering.summed_up([2, 6, 9, np.inf]) == {
        "bands all in within 8 bars": 0.5,
        "bands never all in": 0.25,
        "bars until all are in, mean": pytest.approx(17 / 3),
        "bars until all are in, most": 9,
    }
    never = entering.summed_up([np.inf])
    assert never == {"bands all in within 8 bars": 0, "bands never all in": 1}


def test_a_blend_follows_its_share_if_single_passages_do() -> None:
    rng = np.random.default_rng(1)
    shares = (0.25, 0.5, 0.75)
    close = {share: share + rng.normal(0, 0.05, 30) for share in shares}
    # The means rise as they should, but any single passage could be of any share.
    far = {share: share + rng.normal(0, 3, 30) for share in shares}

    assert follows(close) > 0.9
    assert follows(far) < 0.5
    assert follows({share: np.zeros(3) for share in shares}) == 0


def test_a_style_of_which_there_is_too_little_to_hear_is_left_out() -> None:
    songs = [("a", ("pop",), tune([60, 64, 67] * 8)) for _ in range(FEWEST_PIECES)]
    jingles = [("a", ("hymn",), tune([60])) for _ in range(FEWEST_PIECES)]

    assert list(real(corpus_of([*songs, *jingles]), ("hymn", "pop"))) == ["pop"]


def test_styles_are_compared_that_both_model_and_corpus_know_well() -> None:
    def pieces(count: int, *styles: str) -> list[tuple[str, tuple[str, ...], list[Note]]]:
        return [("a", styles, tune([60])) for _ in range(count)]

    many, few = FEWEST_PIECES, FEWEST_PIECES - 1
    corpus = corpus_of([*pieces(many, "hymn", "pop"), *pieces(few, "Bach_JS"), *pieces(many, "x")])

    assert comparable(corpus, ("hymn", "Bach_JS", "x")) == ["hymn"]
    assert comparable(corpus, ("pop", "hymn")) == ["hymn", "pop"]


def test_a_classifier_is_tried_on_what_it_has_not_seen() -> None:
    rng = np.random.default_rng(1)
    apart = examined(rng.normal(0, 1, (60, 5)), rng.normal(3, 1, (60, 5)))
    noise = examined(rng.normal(0, 1, (60, 50)), rng.normal(0, 1, (60, 50)))

    assert apart.right > 0.95
    assert noise.right < 0.75  # of 40 throws of a coin 30 are heads once in 1,000 times
