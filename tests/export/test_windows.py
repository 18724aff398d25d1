"""Training windows: what the model is told, what it is asked, and how passages are bent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import Column, Row, decode, encode
from antiphon.export.network import augment
from antiphon.export.network.recipe import USUAL
from antiphon.export.network.windows import Rows, Sampler, turned_inside_out
from corpora import scales

PLAIN = replace(
    USUAL, no_labels=0, no_label=0, no_timing=0, no_chord=0, no_whole=0, retold=0, transpose=0,
    louder=0, uneven=0, infill=0, mix_up=0,
)  # fmt: skip
"""Everything told, nothing bent."""

seeds = st.integers(0, 2**32 - 1)
phrases = st.lists(
    st.builds(
        Note,
        onset=st.integers(0, 2000),
        instrument=st.sampled_from([0, 5, DRUMS]),
        pitch=st.integers(30, 90),
        length=st.integers(1, 300),
        velocity=st.integers(0, 7).map(lambda n: 16 * n + 8),
    ),
    min_size=1,
    max_size=60,
)


def rows_of(rows: list[Row]) -> Rows:
    return np.array(rows, np.int64).reshape(-1, len(Column))


def ticks_of(rows: list[Row]) -> Rows:
    waits = [vocab.ticks_of(r.token) if vocab.is_wait(r.token) else 0 for r in rows]
    return np.cumsum(waits)


def as_rows(rows: Rows) -> list[Row]:
    return [Row(*map(int, row)) for row in rows]


def test_a_window_from_the_start_tells_labels_then_the_piece_then_its_end() -> None:
    corpus = scales()
    piece = corpus.pieces[0]
    rng = np.random.default_rng(1)
    rows = Sampler(corpus, replace(PLAIN, from_start=1)).segment(piece, rng, 1000)

    labels = [vocab.WITH, vocab.tempo_id(120), vocab.metre_id(4, 4), vocab.SCORE, vocab.START]
    assert rows[:5, Column.TOKEN].tolist() == labels
    assert rows[-1].tolist() == [vocab.END, *[0] * (len(Column) - 1)]
    body = rows[5:-1]
    stored = corpus.arrays["token"][piece.begin : piece.begin + piece.length]
    assert body[:, Column.TOKEN].tolist() == stored.tolist()


def test_part_rises_while_countdown_falls_to_the_end() -> None:
    corpus = scales()
    rng = np.random.default_rng(1)
    rows = Sampler(corpus, replace(PLAIN, from_start=1)).segment(corpus.pieces[0], rng, 1000)
    part, countdown = rows[5:-1, Column.PART], rows[5:-1, Column.COUNTDOWN]

    assert (part[0], part[-1]) == (1, 128)
    assert (np.diff(part) >= 0).all()
    assert (part + countdown == 129).all()


def test_the_timing_column_is_the_place_in_the_bar() -> None:
    corpus = scales()
    rng = np.random.default_rng(1)
    rows = Sampler(corpus, replace(PLAIN, from_start=1)).segment(corpus.pieces[0], rng, 1000)[5:-1]

    ticks = ticks_of(as_rows(rows))
    assert rows[:, Column.TIMING].tolist() == (1 + ticks % 192).tolist()


def test_no_loss_is_taken_of_labels() -> None:
    sampler = Sampler(scales(), replace(PLAIN, retold=1, infill=0.5))
    rows, targets, weights = sampler.batch(np.random.default_rng(3), 8, 128)

    token = targets[..., 0]
    music = ((token >= vocab.WAIT) & (token < vocab.STYLE)) | (token == vocab.END)
    assert (weights == music).all()
    assert (rows[:, 1:, : Column.VELOCITY + 1] == targets[:, :-1]).all()


@given(seeds)
def test_labels_told_again_stand_before_a_moments_first_note(seed: int) -> None:
    sampler = Sampler(scales(), replace(PLAIN, from_start=0, retold=1))
    piece = sampler.corpus.pieces[0]
    rng = np.random.default_rng(seed)
    token = sampler.segment(piece, rng, 60)[:, Column.TOKEN]

    told = np.flatnonzero(token == vocab.WITH)
    assert len(told) == 2
    again = told[1]
    assert vocab.is_wait(int(token[again - 1]))
    assert vocab.is_note(int(token[again + 4]))
    assert token[again : again + 4].tolist() == token[:4].tolist()


@given(phrases, seeds)
def test_a_passage_turned_inside_out_holds_the_same_notes(notes: list[Note], seed: int) -> None:
    told = encode(notes)
    turned = turned_inside_out(rows_of(told), ticks_of(told), np.random.default_rng(seed))
    if turned is None:
        return
    token = turned[:, Column.TOKEN].tolist()
    suffix, middle = token.index(vocab.SUFFIX), token.index(vocab.MIDDLE)
    before, after, between = turned[:suffix], turned[suffix + 1 : middle], turned[middle + 1 : -1]
    here = int(ticks_of(as_rows(before))[-1])

    assert token[-1] == vocab.END
    parts = [decode(as_rows(before)), decode(as_rows(after), here), decode(as_rows(between), here)]
    assert sorted(note for part in parts for note in part) == sorted(decode(told))
    assert parts[2]
    last, first = parts[2][-1].onset, parts[1][0].onset
    assert here < parts[2][0].onset <= last < first


def test_a_short_passage_is_left_as_it_is() -> None:
    told = encode([Note(24 * n, 0, 60, 12, 72) for n in range(5)])
    assert turned_inside_out(rows_of(told), ticks_of(told), np.random.default_rng(1)) is None


@given(phrases, seeds)
def test_transposition_moves_every_pitched_note_alike(notes: list[Note], seed: int) -> None:
    rows = rows_of(encode(notes))
    before = decode(as_rows(rows))
    augment.transpose(rows, 6, np.random.default_rng(seed))
    after = decode(as_rows(rows))

    shifts = {
        b.pitch - a.pitch for a, b in zip(before, after, strict=True) if a.instrument != DRUMS
    }
    assert len(shifts) <= 1
    assert all(-5 <= shift <= 6 for shift in shifts)
    drums = [[n for n in part if n.instrument == DRUMS] for part in (before, after)]
    assert drums[0] == drums[1]


@given(phrases, seeds)
def test_force_moves_every_note_alike_within_the_bins(notes: list[Note], seed: int) -> None:
    rows = rows_of(encode(notes))
    before = rows[:, Column.VELOCITY].copy()
    augment.louder(rows, 1, np.random.default_rng(seed))
    after = rows[:, Column.VELOCITY]

    assert ((after > 0) == (before > 0)).all()
    assert after.max() <= vocab.VELOCITY_BINS
    inside = (before > 1) & (before < vocab.VELOCITY_BINS)
    assert len(set((after - before)[inside].tolist())) <= 1


@given(phrases)
def test_notes_are_found_again_in_tokens(notes: list[Note]) -> None:
    told = encode(notes)
    rows = rows_of(told)
    found = augment.notes_of(rows[:, 0], rows[:, 1], ticks_of(told))

    expected = [(n.onset, n.instrument, n.pitch, n.velocity) for n in decode(told)]
    assert [(int(o), int(i), int(p), int(v)) for o, i, p, _, v in found] == expected


@given(phrases, seeds)
def test_uneven_playing_moves_onsets_a_little_and_keeps_lengths(
    notes: list[Note], seed: int
) -> None:
    told = encode(notes)
    rows = rows_of(told)
    before = augment.notes_of(rows[:, 0], rows[:, 1], ticks_of(told))
    after = augment.played_unevenly(before, np.random.default_rng(seed))

    assert (abs(after[:, 0] - before[:, 0]) <= 8 * augment.UNEVEN_TICKS).all()
    assert (after[:, 3] - after[:, 0] == before[:, 3] - before[:, 0]).all()


@given(phrases, seeds)
def test_stretching_changes_the_pace_and_no_more(notes: list[Note], seed: int) -> None:
    told = encode(notes)
    rows = rows_of(told)
    before = augment.notes_of(rows[:, 0], rows[:, 1], ticks_of(told))
    after = augment.stretched(before, augment.pace(np.random.default_rng(seed)))

    late = before[:, 0] > 500
    ratios = after[late, 0] / before[late, 0]
    assert len(ratios) == 0 or float(np.ptp(ratios)) < 0.01
    assert (after[:, 3] > after[:, 0]).all()
    assert (after[:, [1, 2, 4]] == before[:, [1, 2, 4]]).all()


def test_of_stretched_music_neither_bars_nor_tempo_are_told_but_how_far_it_is() -> None:
    corpus = scales()
    piece = replace(corpus.pieces[0], performed=True)
    sampler = Sampler(corpus, replace(PLAIN, from_start=1, uneven=1))
    rows = sampler.segment(piece, np.random.default_rng(1), 1000)

    token = rows[:, Column.TOKEN].tolist()
    assert vocab.tempo_id(120) not in token
    assert vocab.metre_id(4, 4) in token
    assert not rows[:, Column.TIMING].any()
    body = rows[token.index(vocab.START) + 1 : -1]
    length = int(ticks_of(as_rows(body))[-1])
    assert length != corpus.arrays["tick"][piece.length - 1]
    told = sampler.segment(corpus.pieces[0], np.random.default_rng(1), 1000)
    assert told[:, Column.TIMING].any()  # what is uneven stays in time
    assert (body[0, Column.PART], body[-1, Column.PART]) == (1, 128)


def test_a_mixed_pair_has_one_input_and_both_targets() -> None:
    sampler = Sampler(scales(), replace(PLAIN, mix_up=1))
    rows, targets, weights = sampler.batch(np.random.default_rng(5), 2, 64)
    share = int(rows[0, 0, Column.SHARE])

    assert (rows[0] == rows[1]).all()
    assert 1 <= share <= 50
    assert (rows[0, 1:, Column.TOKEN] == targets[0, :-1, 0]).all()
    assert (rows[0, 1:, Column.OTHER] == targets[1, :-1, 0]).all()
    assert weights[0].max() == pytest.approx(1 - share / 100)
    assert weights[1].max() == pytest.approx(share / 100)


def test_every_collection_has_its_turn_whatever_its_size() -> None:
    corpus = scales()
    small = [p for p in corpus.pieces if p.collection == "collection 0"][:1]
    large = [p for p in corpus.pieces if p.collection == "collection 1"]
    sampler = Sampler(replace(corpus, pieces=tuple(small + large)), replace(PLAIN, temperature=0))
    rng = np.random.default_rng(7)
    drawn = [sampler._piece(rng).collection for _ in range(400)]

    assert 140 < drawn.count("collection 0") < 260
