"""Histograms of passages and their distances, beside obvious ways to count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS, Note
from antiphon.export.audition import likeness
from antiphon.export.audition.conversation import table_of
from antiphon.export.audition.passage import Passage
from music import notes_strategy
from pieces import table

shares = st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any)


def passage(notes: list[Note], until: int = 3072) -> Passage:
    return Passage(table_of(sorted(notes)), 0, until, 192)


@given(shares, shares)
def test_a_distance_is_between_0_for_the_same_and_1_for_nothing_in_common(
    one: list[int], other: list[int]
) -> None:
    p, q = (np.array(counts) / sum(counts) for counts in (one, other))
    distance = likeness.jensen_shannon(p, q)

    assert likeness.jensen_shannon(p, p) == 0
    assert distance == pytest.approx(likeness.jensen_shannon(q, p))
    assert 0 <= distance <= 1 + 1e-9
    assert (distance == pytest.approx(1)) == (not (p * q).any())


@given(notes_strategy())
def test_voices_are_the_notes_that_sound_at_each_moment(notes: list[Note]) -> None:
    pitched = [note for note in notes if note.instrument != DRUMS]
    counts = [0] * 12
    for moment in {note.onset for note in pitched}:
        sounding = sum(note.onset <= moment < note.end for note in pitched)
        counts[min(sounding, 12) - 1] += 1

    assert likeness.voices(passage(notes)).tolist() == counts


@given(notes_strategy())
def test_densities_are_the_notes_struck_in_each_beat(notes: list[Note]) -> None:
    inside = [note for note in notes if note.onset < 3072]
    counts = [0] * 17
    for beat in range(64):
        counts[min(sum(note.onset // 48 == beat for note in inside), 16)] += 1

    assert likeness.densities(passage(inside)).tolist() == counts


def test_pitch_classes_are_counted_from_the_tonic() -> None:
    in_d = Passage(table([62, 66, 69, 74]), 0, 96, 192)

    assert np.flatnonzero(likeness.degrees(in_d, 2)).tolist() == [0, 4, 7]


def test_an_ostinato_is_like_itself_and_wandering_is_not() -> None:
    ostinato = Passage(table([60, 64, 67, 72] * 16, 48), 0, 16 * 192, 192)
    pitches = np.random.default_rng(1).integers(40, 80, 64).tolist()
    wandering = Passage(table(pitches, 48), 0, 16 * 192, 192)

    assert likeness.similarities(ostinato)[-1] == 16 * 15 // 2
    assert likeness.similarities(wandering)[5:].sum() < 5


def test_lengths_and_places_tell_eighths_from_halves() -> None:
    eighths = Passage(table([60] * 8, 24), 0, 192, 192)
    halves = Passage(table([60] * 2, 96), 0, 192, 192)

    assert np.flatnonzero(likeness.places(eighths)).tolist() == list(range(0, 32, 4))
    assert np.flatnonzero(likeness.places(halves)).tolist() == [0, 16]
    assert likeness.lengths(eighths).argmax() + 4 == likeness.lengths(halves).argmax()


def test_dense_music_does_not_drown_the_rest() -> None:
    dense, thin = (Passage(table([60] * n, ticks), 0, 960, 192) for n, ticks in ((80, 12), (4, 24)))
    mixed = likeness.distances([dense, thin], [thin, thin], [thin, thin])["lengths"]
    half = likeness.jensen_shannon(np.array([0.5, 0.5]), np.array([0.0, 1.0]))

    assert mixed == pytest.approx(half)


def test_what_says_nothing_of_drums_is_left_out() -> None:
    drums = [Passage(table([36] * 40, instrument=DRUMS), 0, 960, 192)]
    piano = [Passage(table([60] * 40), 0, 960, 192)]

    for pair in ((drums, drums), (drums, piano), (piano, drums)):
        found = likeness.distances(*pair, drums)
        assert found.keys() == {"density", "places in the bar", "self-similarity"}


def test_sets_of_the_same_music_are_no_distance_apart_and_other_music_is() -> None:
    tunes = [Passage(table([60 + k, 64 + k, 67 + k] * 20), 0, 1440, 192) for k in range(3)]
    others = [Passage(table([60 + k, 61 + k] * 15, 48), 0, 1440, 192) for k in range(3)]
    same = likeness.distances(tunes, tunes, tunes)
    different = likeness.distances(tunes, others, tunes)

    assert set(same) == set(likeness.HISTOGRAMS)
    assert not any(same.values())
    for name in ("pitch classes", "density", "lengths", "places in the bar"):
        assert different[name] > 0.3
