"""What sounds behind each row, as the rows tell it."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.sounding import Sounding
from antiphon.engine.tokens import Row, encode
from antiphon.export.network.model import pitches_sounding

tokens = st.one_of(
    st.integers(0, vocab.STYLE - 1),
    st.integers(vocab.START, vocab.MIDDLE),
    st.integers(vocab.WAIT, vocab.LENGTH - 1),
    st.integers(vocab.LENGTH, vocab.NOTE - 1),
    st.sampled_from([vocab.note_id(0, 60), vocab.note_id(3, 60), vocab.note_id(DRUMS, 36)]),
)


def pitches_behind(rows: list[Row]) -> list[set[int]]:
    now, behind = Sounding(), []
    for row in rows:
        now = now.after(row.token)
        behind.append({pitch for _, pitch in now.held})
    return behind


def test_a_note_sounds_from_its_length_to_its_end() -> None:
    rows = encode([Note(0, 0, 60, 24, 64), Note(12, 0, 64, 24, 64), Note(48, 0, 67, 24, 64)])

    assert pitches_behind(rows) == [
        set(), {60}, {60}, {60}, {60, 64}, set(), set(), {67}
    ]  # fmt: skip


def test_drums_are_not_heard() -> None:
    rows = encode([Note(0, DRUMS, 36, 6, 64), Note(12, 0, 60, 24, 64)])
    assert pitches_behind(rows) == [set(), set(), set(), {60}]


def test_where_another_piece_begins_nothing_sounds() -> None:
    rows = encode([Note(0, 0, 60, 96, 64)])
    assert pitches_behind([*rows, Row(vocab.START), *rows]) == [set(), {60}, set(), set(), {60}]


@pytest.mark.parametrize("length", [1, 40])
@given(st.data())
def test_any_tokens_tell_what_training_sees_in_them(length: int, data: st.DataObject) -> None:
    rows = [Row(t) for t in data.draw(st.lists(tokens, min_size=length, max_size=length))]
    seen = pitches_sounding(torch.tensor([rows]))[0]

    assert [set(line.nonzero()[:, 0].tolist()) for line in seen] == pitches_behind(rows)
