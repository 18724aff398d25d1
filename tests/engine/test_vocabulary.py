"""The alphabet: blocks of ids, their readable form, and times that add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.errors import UserError
from antiphon.engine.notes import DRUMS, INSTRUMENTS
from antiphon.engine.vocabulary import Vocabulary

VOCABULARY = Vocabulary(("Chopin_F", "piano_romantic", "romantic"))
PITCHED = st.integers(0, DRUMS - 1)


def test_every_id_reads_as_text_and_back() -> None:
    for token in range(VOCABULARY.size):
        bins = range(vocab.VELOCITY_BINS) if vocab.is_note(token) else [None]
        for velocity in bins:
            assert VOCABULARY.parse(VOCABULARY.text(token, velocity)) == (token, velocity)


def test_no_two_ids_read_the_same() -> None:
    texts = {VOCABULARY.text(token, 0) for token in range(VOCABULARY.size)}
    assert len(texts) == VOCABULARY.size


@pytest.mark.parametrize(
    ("text", "token", "velocity"),
    [
        ("start", 0, None),
        ("piano:v64:C4", vocab.note_id(0, 60), 4),
        ("drums:v96:36", vocab.note_id(DRUMS, 36), 6),
        ("len:24", vocab.LENGTH + 23, None),
        ("wait:12", vocab.WAIT + 11, None),
        ("with:drums", vocab.WITH + DRUMS, None),
        ("style:Chopin_F", vocab.STYLE, None),
    ],
)
def test_the_readable_form_is_what_the_docs_say(text: str, token: int, velocity: int) -> None:
    assert VOCABULARY.parse(text) == (token, velocity)


@pytest.mark.parametrize(
    "text",
    ["", "wait:97", "len:0", "kazoo:v64:C4", "piano:v128:C4", "piano:v64:C10", "piano:v64:H4",
     "piano:v64:" + "9" * 5000, "piano:v64:C" + "9" * 5000, "style:Nobody"],
)  # fmt: skip
def test_text_that_is_no_token_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match=r"^[^\n]+\.$"):
        VOCABULARY.parse(text)


def test_the_kinds_of_tokens_divide_the_music_ids_among_them() -> None:
    for token in range(VOCABULARY.size):
        kinds = [vocab.is_wait(token), vocab.is_length(token), vocab.is_note(token)]
        assert sum(kinds) == (vocab.WAIT <= token < vocab.STYLE)
        assert vocab.needs_length(token) == (
            vocab.is_note(token) and vocab.instrument_pitch(token)[0] != DRUMS
        )


@given(st.integers(0, len(INSTRUMENTS) - 1), st.integers(0, 127))
def test_a_note_id_says_its_instrument_and_pitch(instrument: int, pitch: int) -> None:
    assert vocab.instrument_pitch(vocab.note_id(instrument, pitch)) == (instrument, pitch)


@given(st.integers(0, 20_000))
def test_waits_add_up_to_exactly_what_was_asked(ticks: int) -> None:
    ids = vocab.wait_ids(ticks)
    assert sum(map(vocab.ticks_of, ids)) == ticks
    assert all(map(vocab.is_wait, ids))
    assert ids == sorted(ids, reverse=True)


@given(st.integers(-5, 3000))
def test_a_length_is_the_nearest_there_is_and_the_shorter_of_two(ticks: int) -> None:
    obvious = min(vocab.TIMES, key=lambda t: (abs(t - max(ticks, 1)), t))
    assert vocab.ticks_of(vocab.length_id(ticks)) == obvious


def test_every_velocity_falls_into_the_bin_whose_middle_is_nearest() -> None:
    for velocity in range(1, 128):
        middle = vocab.bin_velocity(vocab.velocity_bin(velocity))
        assert abs(middle - velocity) <= 8


@given(st.floats(10, 500))
def test_a_tempo_is_the_nearest_by_ratio(bpm: float) -> None:
    def far(tempo: int) -> float:
        return max(tempo / bpm, bpm / tempo)

    chosen = vocab.TEMPOS_BPM[vocab.tempo_id(bpm) - vocab.TEMPO]
    assert far(chosen) == min(map(far, vocab.TEMPOS_BPM))


def test_rare_metres_share_one_token_and_bars_are_counted_in_ticks() -> None:
    assert vocab.metre_id(3, 4) != vocab.metre_id(4, 4)
    assert vocab.metre_id(7, 8) == vocab.metre_id(11, 16) == vocab.WAIT - 1
    assert (vocab.bar_ticks(4, 4), vocab.bar_ticks(6, 8)) == (192, 144)


@pytest.mark.parametrize("name", ["Chopin_F", "chopin", "CHOPIN F", "chop"])
def test_a_style_is_found_by_any_part_of_its_name(name: str) -> None:
    assert VOCABULARY.style_id(name) == vocab.STYLE


def test_of_several_styles_the_shortest_name_is_meant() -> None:
    assert VOCABULARY.styles[VOCABULARY.style_id("roman") - vocab.STYLE] == "romantic"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("chopn", " (near it: Chopin_F)"),
        ("Romantik", " (near it: romantic, piano_romantic)"),
        ("kazoo", ""),
    ],
)
def test_an_unknown_style_is_refused_with_the_names_it_may_be_a_slip_of(
    name: str, near: str
) -> None:
    with pytest.raises(UserError) as refused:
        VOCABULARY.style_id(name)
    assert str(refused.value) == f"No style is called {name!r}{near}; `antiphon models` names all."


def test_at_most_three_near_names_are_told_the_nearest_first() -> None:
    bachs = Vocabulary([f"Bach_{initials}" for initials in ("JS", "CPE", "WF", "JC", "JCF")])
    with pytest.raises(UserError, match=r"near it: Bach_JC, Bach_JCF, Bach_JS\)"):
        bachs.style_id("bahc_jc")
