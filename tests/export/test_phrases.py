"""Phrases taken from pieces: where they begin, and what follows them."""

from __future__ import annotations

from collections import Counter

import numpy as np

from antiphon.engine.notes import Note
from antiphon.export.audition.passage import piece_notes
from antiphon.export.audition.phrases import phrases
from pieces import corpus_of, tune

BAR = 192


def song(bars: int, seed: int = 0) -> list[Note]:
    return tune(np.random.default_rng(seed).integers(40, 80, 4 * bars).tolist(), 48)


def test_a_phrase_and_what_follows_are_sixteen_bars_of_the_piece() -> None:
    for seed in range(20):
        corpus = corpus_of([("a", (), song(60, seed))])
        (phrase,) = phrases(corpus, 9, seed)
        whole = piece_notes(corpus, corpus.pieces[0])[:, 2].tolist()
        found = [*phrase.heard.notes[:, 2], *phrase.real.notes[:, 2]]

        first = next(i for i in range(len(whole)) if whole[i : i + 64] == found)
        assert first % 4 == 0
        assert first <= len(whole) / 3
        assert phrase.heard.notes[:, 0].tolist() == list(range(0, 8 * BAR, 48))
        assert (phrase.real.begin, phrase.real.until) == (8 * BAR, 16 * BAR)


def test_keys_are_let_go_at_the_end_of_a_phrase() -> None:
    held = Note(7 * BAR, 0, 30, 3 * BAR, 80)
    (phrase,) = phrases(corpus_of([("a", (), sorted([held, *song(16)]))]), 1)
    notes = phrase.heard.notes

    assert notes[notes[:, 2] == 30, 3].tolist() == [8 * BAR]
    assert phrase.real.notes[:, 2].min() > 30


def test_a_piece_that_is_too_short_gives_none() -> None:
    corpus = corpus_of([("a", (), song(15)), ("a", (), song(16))])

    assert [phrase.piece for phrase in phrases(corpus, 9)] == [corpus.pieces[1]]


def test_collections_take_turns_until_they_are_empty() -> None:
    many = [("many", (), song(20, seed)) for seed in range(8)]
    few = [("few", (), song(20, seed)) for seed in range(2)]
    found = phrases(corpus_of([*many, *few]), 6)

    assert Counter(phrase.piece.collection for phrase in found) == {"many": 4, "few": 2}
    assert len({phrase.piece.begin for phrase in found}) == 6


def test_the_session_is_told_tempo_and_metre() -> None:
    (phrase,) = phrases(corpus_of([("a", (), song(16))]), 1)
    opened = phrase.opening(seed=7)

    assert (opened.seed, opened.bpm, opened.metre) == (7, 120, (4, 4))
    assert phrase.ticks(4.0) == 8 * 48
