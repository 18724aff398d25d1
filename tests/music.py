"""Music for tests: hypothesis strategies of notes and of token streams."""

from __future__ import annotations

from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.engine.tokens import Row
from antiphon.engine.vocabulary import STYLE, is_note


def notes_strategy(max_size: int = 24) -> st.SearchStrategy[list[Note]]:
    """Short pieces with chords, repeated keys, long rests and drums."""
    onsets = st.one_of(st.integers(0, 200), st.integers(0, 3000))
    instruments = st.one_of(st.just(0), st.just(DRUMS), st.integers(0, len(INSTRUMENTS) - 1))
    pitches = st.one_of(st.integers(58, 62), st.integers(0, 127))
    lengths = st.one_of(st.integers(1, 100), st.integers(1, 2000))
    note = st.builds(Note, onsets, instruments, pitches, lengths, st.integers(1, 127))
    return st.lists(note, max_size=max_size)


def rows_strategy(max_size: int = 60) -> st.SearchStrategy[list[Row]]:
    """Any stream of tokens at all, legal or not."""
    return st.lists(
        st.integers(0, STYLE - 1).flatmap(
            lambda token: st.builds(
                Row, st.just(token), st.integers(1, 8) if is_note(token) else st.just(0)
            )
        ),
        max_size=max_size,
    )
