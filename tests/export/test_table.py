"""Tables of notes: what was played by hand, and what has a beat at all."""

from __future__ import annotations

import numpy as np
import pytest

from antiphon.export.corpus.table import Ints, has_beat, merged, played


def at(onsets: list[int]) -> Ints:
    return np.array([(onset, 0, 60, onset + 6, 80) for onset in onsets], np.int64)


@pytest.mark.parametrize("step", [6, 12, 16, 24, 48])
def test_what_stands_on_a_grid_was_typeset(step: int) -> None:
    notes = at([step * i for i in range(200)])
    # A run of 32nds is on no sixteenth every second time, which is not yet the half of them.
    assert not played(notes)
    assert has_beat(notes)


def drummer(spread: float) -> Ints:
    rng = np.random.default_rng(1)
    onsets = 24 * np.arange(400) + np.rint(rng.normal(0, spread, 400)) + 200
    return at(np.unique(onsets.astype(int)).tolist())


def test_hands_are_uneven_but_keep_a_beat() -> None:
    assert played(drummer(3))
    assert has_beat(drummer(3))


def test_a_transcription_of_sound_has_none() -> None:
    assert played(drummer(60))
    assert not has_beat(drummer(60))


def test_a_chord_is_one_moment_however_many_notes_it_has() -> None:
    chords = at([48 * i for i in range(8)] * 9)
    late = at([48 * i + 7 for i in range(9)])
    assert played(np.concatenate([chords, late]))


def test_merged_notes_stand_in_order_and_end_where_their_key_is_struck_again() -> None:
    notes = np.array([(48, 0, 60, 60, 70), (0, 0, 60, 90, 80), (0, 3, 60, 90, 80)], np.int64)
    assert merged(notes).tolist() == [[0, 0, 60, 48, 80], [0, 3, 60, 90, 80], [48, 0, 60, 60, 70]]
