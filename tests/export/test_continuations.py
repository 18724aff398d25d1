"""What is said of answers that a test made up."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.engine.wishes import Feel
from antiphon.export.audition.continuations import (
    Continued,
    continuations,
    continued,
    copies,
    legality,
    statistics,
)
from antiphon.export.audition.conversation import Player
from antiphon.export.audition.copying import Training, steps
from antiphon.export.audition.passage import Passage
from antiphon.export.audition.phrases import Phrase, phrases
from antiphon.export.audition.targets import REAL
from antiphon.export.corpus.table import Ints
from bundles import tiny_model
from pieces import corpus_of, table, tune

C_MAJOR = [60, 62, 64, 65, 67, 69, 71, 72]
BAR = 192


def phrase() -> Phrase:
    """Sixteen bars of C major in quarters."""
    order = np.random.default_rng(2).permutation(64) % 8
    notes = tune([60, 64, 67, 72, *(C_MAJOR[i] for i in order[4:])], 48)
    (found,) = phrases(corpus_of([("a", (), notes)]), 1)
    return found


def answered(notes: Ints) -> dict[str, float]:
    return continuations([Continued(phrase(), Passage(notes, 8 * BAR, 16 * BAR, BAR))])


def test_what_really_followed_is_beyond_reproach() -> None:
    figures = answered(phrase().real.notes)

    assert figures["in key by chance"] == pytest.approx(7 / 12)
    assert all(figures[name] == 1 for name in figures if name != "in key by chance")


def test_notes_outside_the_key_are_counted() -> None:
    outside = table([60, 61, 64, 66] * 8, 48, 8 * BAR)

    assert answered(outside)["notes in key"] == 0.5
    assert answered(outside)[f"notes in key{REAL}"] == 1


def test_where_an_answer_has_too_few_notes_for_a_key_its_phrase_is_not_judged_by_key() -> None:
    whole, outside = phrase().real.notes, table([61, 63, 66, 68, 70, 61, 63], 48, 8 * BAR)
    few, real = (Continued(phrase(), Passage(n, 8 * BAR, 16 * BAR, BAR)) for n in (outside, whole))
    odd = Phrase(phrase().piece, phrase().heard, few.answer)

    both = continuations([few, real])
    assert (both["notes in key"], both["phrases judged for their key"]) == (1, 1)
    neither = continuations([few, Continued(odd, real.answer)])
    assert neither["phrases judged for their key"] == 0
    assert not {"notes in key", f"notes in key{REAL}", "in key by chance"} & neither.keys()


def test_three_times_the_notes_and_a_third_are_both_not_as_dense() -> None:
    for ticks, dense in ((16, 0), (32, 1), (80, 1), (160, 0)):
        notes = table([60] * (8 * BAR // ticks), ticks, 8 * BAR)
        assert answered(notes)["as dense"] == dense


def test_a_note_of_seventeen_beats_hangs_and_rings_on() -> None:
    notes = phrase().real.notes.copy()
    notes[-1, 3] = notes[-1, 0] + 17 * 48
    figures = answered(notes)

    assert figures["no hanging note"] == 0
    assert figures["over in a bar"] == 0


def test_four_seconds_of_silence_are_enough() -> None:
    real = phrase().real.notes
    for pause_beats, fine in ((8, 1), (9, 0)):  # at 120 beats a minute
        first, last = real[0, 0] + 5 * 48, real[0, 0] + (5 + pause_beats) * 48
        kept = real[(real[:, 0] < first) | (real[:, 0] >= last)]
        assert answered(kept)["no long silence"] == fine


def test_an_answer_that_is_training_music_is_found_out() -> None:
    song = table(np.random.default_rng(3).integers(48, 72, 60).tolist(), 24, 8 * BAR)
    pair = Continued(phrase(), Passage(song, 8 * BAR, 16 * BAR, BAR))
    figures = copies(Training([steps(song)]), [pair])

    assert figures["longest run"] == 60
    assert figures["answers with over 24 notes"] == 1
    assert figures[f"longest run{REAL}"] == 0


def test_the_real_continuation_is_no_distance_from_itself() -> None:
    own = Continued(phrase(), phrase().real)
    figures = statistics([own])

    assert not any(value for name, value in figures.items() if not name.endswith(REAL))
    assert figures[f"pitch classes{REAL}"] > 0


def test_a_player_answers_for_as_long_as_it_heard() -> None:
    steps_done: list[int] = []
    player = Player(tiny_model(), Feel(), lambda: steps_done.append(1))
    answer = continued(player, phrase(), seed=1).answer

    assert answer.notes[:, 0].min() >= 8 * BAR
    assert answer.notes[:, 0].max() < 16 * BAR
    assert 0 < legality(player, [phrase()])["illegal tokens"] < 1
    assert len(steps_done) == 2
