"""Notes to rows and back, and any stream of tokens at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note, NoteOn, events_of, without_overlaps
from antiphon.engine.tokens import (
    DRUM_LENGTH,
    MAX_CHORD,
    MAX_REST,
    MAX_TIMING,
    Cursor,
    Decoder,
    Grid,
    Row,
    Whole,
    decode,
    encode,
    quantised,
)
from music import notes_strategy, rows_strategy


def on_the_models_grid(note: Note) -> Note:
    length = vocab.ticks_of(vocab.length_id(note.length))
    velocity = vocab.bin_velocity(vocab.velocity_bin(note.velocity))
    if note.instrument == DRUMS:
        length = DRUM_LENGTH
    return Note(note.onset, note.instrument, note.pitch, length, velocity)


@given(notes_strategy())
def test_notes_come_back_with_length_and_velocity_on_the_models_grid(notes: list[Note]) -> None:
    expected = without_overlaps(map(on_the_models_grid, without_overlaps(notes)))
    assert decode(encode(notes)) == expected
    assert quantised(expected) == expected


@given(notes_strategy(), st.integers(0, MAX_REST - 3000))
def test_the_origin_moves_everything_alike(notes: list[Note], origin: int) -> None:
    moved = [Note(n.onset + origin, *_rest(n)) for n in notes]
    assert encode(moved, origin) == encode(notes)
    assert decode(encode(moved, origin), origin) == decode(encode(moved))


@given(rows_strategy())
def test_any_tokens_decode_to_notes_that_all_end(rows: list[Row]) -> None:
    held: set[tuple[int, int]] = set()
    for event in events_of(decode(rows)):
        key = event.instrument, event.pitch
        if isinstance(event, NoteOn):
            assert key not in held
            held.add(key)
        else:
            held.remove(key)
    assert held == set()


@given(rows_strategy())
def test_one_row_at_a_time_gives_the_same_notes_in_order_of_onset(rows: list[Row]) -> None:
    decoder = Decoder()
    notes: list[Note] = []
    for row in rows:
        notes += decoder.push(row.token, row.velocity)
        assert decoder.mid_note == vocab.needs_length(row.token)
    notes += decoder.finish()

    assert [n.onset for n in notes] == sorted(n.onset for n in notes)
    assert without_overlaps(notes) == decode(rows)
    assert len(notes) == sum(vocab.is_note(row.token) for row in rows)


@given(
    rows_strategy(),
    st.none() | st.builds(Grid, st.integers(0, 200), st.integers(1, 800)),
    st.none() | st.builds(Whole, st.integers(0, 200), st.integers(1, 9000)),
)
def test_positions_are_what_a_slow_count_says(
    rows: list[Row], grid: Grid | None, whole: Whole | None
) -> None:
    cursor, tick, struck = Cursor(0, grid, whole), 0, 0
    for row in rows:
        moved = cursor.advance(row.token, row.velocity)
        if vocab.is_wait(row.token):
            tick, struck = tick + vocab.ticks_of(row.token), 0
        struck += vocab.is_note(row.token)
        timing = 1 + min((tick - grid.origin) % grid.bar, MAX_TIMING - 1) if grid else 0
        of_note = vocab.is_note(row.token) or vocab.is_length(row.token)

        part = sum(tick - whole.origin >= n / 128 * whole.total for n in range(128)) if whole else 0

        assert cursor.tick == tick
        assert moved[:4] == (row.token, row.velocity, timing, of_note * min(struck, MAX_CHORD))
        assert moved.part == (max(part, 1) if whole else 0)
        assert moved.countdown == (129 - moved.part if whole else 0)
        assert moved[6:] == (0, 0)


def test_a_piece_is_told_in_128_parts_that_are_counted_down() -> None:
    whole = Whole(96, 128 * 48)
    places = [whole.place(96 + 48 * n) for n in range(128)]

    assert places == [(1 + n, 128 - n) for n in range(128)]
    assert whole.place(0) == (1, 128)
    assert whole.place(10**6) == (128, 1)


def test_a_chord_is_counted_and_shares_its_timing() -> None:
    rows = encode([Note(12, 0, p, 24, 64) for p in (60, 64, 67)], grid=Grid(0, 192))

    assert [row.chord for row in rows] == [0, 1, 1, 2, 2, 3, 3]
    assert {row.timing for row in rows} == {13}


def test_drums_spend_no_length_token() -> None:
    assert [row.token for row in encode([Note(0, DRUMS, 36, 99, 100)])] == [
        vocab.note_id(DRUMS, 36)
    ]


def _rest(note: Note) -> tuple[int, int, int, int]:
    return note.instrument, note.pitch, note.length, note.velocity


def test_a_rest_of_a_year_is_told_as_sixteen_bars() -> None:
    year = 365 * 24 * 60 * 120 * 48
    rows = encode(
        [Note(0, 0, 60, 24, 80), Note(year, 0, 62, 24, 80), Note(year + 6, 0, 64, 24, 80)]
    )

    assert [vocab.ticks_of(row.token) for row in rows if vocab.is_wait(row.token)] == [
        768, 768, 768, 768, 6
    ]  # fmt: skip
