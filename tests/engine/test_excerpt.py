"""The beginning and the end of some music, against trying every number of moments."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import excerpt
from antiphon.engine.notes import Note, without_overlaps
from antiphon.engine.tokens import Cursor, encode_note
from music import notes_strategy


def rows(notes: Sequence[Note], origin: int) -> int:
    cursor = Cursor(origin)
    return sum(len(encode_note(note, cursor)) for note in notes)


def moments(notes: Sequence[Note]) -> list[int]:
    return sorted({note.onset for note in notes})


@given(notes_strategy(), st.integers(0, 90))
def test_the_beginning_is_all_moments_that_fit(notes: list[Note], most: int) -> None:
    music = without_overlaps(notes)
    slow: list[Note] = []
    for onset in moments(music):
        upto = [note for note in music if note.onset <= onset]
        if rows(upto, music[0].onset) <= most:
            slow = upto

    assert excerpt.first(music, most) == slow


@given(notes_strategy(), st.integers(0, 90))
def test_the_end_is_all_moments_that_fit_with_the_waits_that_lead_to_them(
    notes: list[Note], most: int
) -> None:
    music = without_overlaps(notes)
    slow: list[Note] = []
    for before, onset in zip([None, *moments(music)], moments(music), strict=False):
        since = [note for note in music if note.onset >= onset]
        if not slow and rows(since, onset if before is None else before) <= most:
            slow = since

    assert excerpt.last(music, most) == slow
