"""Runs shared with training music, beside a search that tries every place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS
from antiphon.export.audition import copying
from antiphon.export.audition.copying import BREAK, Run, Training, longest_runs, rolled, steps
from antiphon.export.corpus.table import EMPTY, Ints
from pieces import table

SONG = np.random.default_rng(3).integers(48, 72, 60).tolist()
STRANGE = np.random.default_rng(4).integers(48, 72, 40).tolist()


def trained_on(*pieces: Ints) -> Training:
    return Training(steps(piece) for piece in pieces)


def longest(training: Training, answer: Ints, phrase: Ints = EMPTY) -> Run:
    return longest_runs(training, [(answer, phrase)])[0]


def test_a_copy_is_found_in_any_key_a_little_uneven_and_in_the_midst_of_other_notes() -> None:
    copy = table(STRANGE + [pitch + 5 for pitch in SONG[10:40]] + STRANGE)
    copy[:, 0] += np.random.default_rng(5).integers(-2, 3, len(copy))

    assert longest(trained_on(table(SONG)), copy).varied == 30
    assert longest(trained_on(table(SONG)), table(STRANGE)).varied == 0


def test_twice_as_fast_is_another_tune() -> None:
    assert longest(trained_on(table(SONG)), table(SONG, ticks=12)) == Run(0, 0)


def test_what_stands_in_the_phrase_already_is_no_theft() -> None:
    training = trained_on(table(SONG))

    assert longest(training, table(SONG[:30])).varied == 30
    assert longest(training, table(SONG[:30]), table(SONG)).varied == 0
    assert longest(training, table(SONG[:30]), table(SONG[:20])).varied == 30


def test_scales_and_repeated_notes_count_apart() -> None:
    plain = [60] * 20 + list(range(60, 80))

    assert longest(trained_on(table(plain)), table(plain)) == Run(0, copying.PLAIN)


def test_a_run_is_followed_to_its_end_and_a_plain_one_so_far(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(copying, "PLAIN", 20)
    for notes in (8, 23, 24, 25, 57):
        assert longest(trained_on(table(SONG)), table(SONG[:notes])) == Run(notes, 0)
    assert longest(trained_on(table(SONG)), table(SONG[:7])) == Run(0, 0)
    assert longest(trained_on(table([60] * 90)), table([60] * 90)) == Run(0, 20)


def test_six_different_steps_make_a_run_varied_and_five_do_not() -> None:
    for different, run in ((5, Run(0, 12)), (6, Run(12, 0))):
        pitches = 48 + np.cumsum([0, *(1 + i % different for i in range(11))])
        tune = table(pitches.tolist())
        assert longest(trained_on(tune), tune) == run


def test_a_run_is_found_wherever_it_stands_in_what_was_trained_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(copying, "BLOCK", 16)
    for before in range(20):
        training = trained_on(table(STRANGE[:before]), table(SONG))
        assert longest(training, table(SONG)).varied == 60


def test_no_run_goes_from_one_piece_into_the_next() -> None:
    parts = trained_on(table(SONG[:12]), table(SONG[12:24]))

    assert longest(parts, table(SONG[:24])).varied == 12


def test_drums_are_left_out() -> None:
    drums = table(SONG, instrument=DRUMS)

    assert longest(trained_on(drums), drums) == Run(0, 0)
    assert longest(trained_on(table(SONG)), np.concatenate([table(SONG[:30]), drums])).varied == 30


def test_each_answer_is_judged_by_itself() -> None:
    training = trained_on(table(SONG))
    runs = longest_runs(training, [(table(SONG), EMPTY), (EMPTY, EMPTY), (table(STRANGE), EMPTY)])

    assert [run.varied for run in runs] == [60, 0, 0]


@given(st.lists(st.integers(0, 2), max_size=30), st.integers(1, 6))
def test_hashes_are_alike_where_the_symbols_are(symbols: list[int], n: int) -> None:
    array = np.array(symbols, np.uint16)
    windows = [tuple(symbols[i : i + n]) for i in range(len(symbols) - n + 1)]
    hashes = rolled(array, n).tolist()

    assert len(hashes) == len(windows)
    assert len(set(hashes)) == len(set(windows))
    assert len(set(zip(hashes, windows, strict=True))) == len(set(windows))


@given(st.data())
@settings(max_examples=60)
def test_training_holds_exactly_what_occurs_in_it(data: st.DataObject) -> None:
    line = st.lists(st.integers(0, 2), max_size=20)
    pieces, asked = data.draw(st.lists(line, max_size=4)), data.draw(line)
    n = data.draw(st.integers(1, 4))
    occur = {tuple(p[i : i + n]) for p in pieces for i in range(len(p) - n + 1)}
    windows = [tuple(asked[i : i + n]) for i in range(len(asked) - n + 1)]
    training = Training(np.array(piece, np.uint16) for piece in pieces)

    found = training.holds(rolled(np.array(asked, np.uint16), n), n)

    assert found.tolist() == [window in occur for window in windows]


def test_no_step_is_the_mark_between_pieces() -> None:
    widest = table([0, 127], ticks=10**6)

    assert steps(widest).max() < BREAK
