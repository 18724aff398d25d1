"""Numbers of a passage, each beside an obvious way to find it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import quantised
from antiphon.export.audition import passage as p
from antiphon.export.audition.conversation import notes_of, table_of
from antiphon.export.audition.passage import Passage, metre_of, piece_notes
from music import notes_strategy
from pieces import corpus_of, tune


def passage(notes: list[Note], until: int = 4000) -> Passage:
    return Passage(table_of(sorted(notes)), 0, until, 192)


@given(notes_strategy())
def test_the_longest_silence_is_the_longest_row_of_ticks_without_a_note(notes: list[Note]) -> None:
    sounding = {tick for note in notes for tick in range(note.onset, note.end)}
    longest = row = 0
    for tick in range(4000):
        row = 0 if tick in sounding else row + 1
        longest = max(longest, row)

    assert p.longest_silence(passage(notes)) == longest


def test_a_note_that_rings_on_is_long_and_sounds_behind_the_end() -> None:
    notes = [Note(0, 0, 60, 50, 80), Note(90, 0, 64, 300, 80), Note(95, DRUMS, 40, 900, 80)]

    assert p.longest_note(passage(notes, 100)) == 300
    assert p.rings_on(passage(notes, 100)) == 290
    assert p.rings_on(passage(notes, 100).released()) == 0
    assert p.rings_on(passage(notes, 1000)) == 0


def test_twice_the_notes_in_half_the_time_are_four_times_as_dense() -> None:
    dense, thin = passage(tune(range(60, 80), 5), 100), passage(tune(range(60, 70), 20), 200)

    assert p.density_ratio(dense, thin) == 4


def test_a_cut_takes_the_notes_that_begin_in_it() -> None:
    whole = passage(tune([60, 62, 64, 65], 100), 400)

    assert whole.cut(100, 300).notes[:, 2].tolist() == [62, 64]
    assert (whole.cut(100, 300).begin, whole.cut(100, 300).until) == (100, 300)


def test_a_piece_of_a_corpus_comes_back_as_tokens_tell_it() -> None:
    notes = tune([60, 64, 67, 72], 36)
    corpus = corpus_of([("a", (), tune([50])), ("a", (), notes)])

    assert notes_of(piece_notes(corpus, corpus.pieces[1])) == quantised(notes)


@pytest.mark.parametrize(
    ("metre", "told"), [((4, 4), (4, 4)), ((6, 8), (6, 8)), ((7, 8), None), (None, None)]
)
def test_a_metre_is_read_from_its_token_unless_it_is_rare(
    metre: tuple[int, int] | None, told: tuple[int, int] | None
) -> None:
    piece = corpus_of([("a", (), tune([60]))]).pieces[0]

    assert metre_of(replace(piece, metre=vocab.metre_id(*metre) if metre else 0)) == told
