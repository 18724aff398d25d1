"""A gap in a piece, filled on rows of its own: the model sees both sides, the session stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.desk import Desk
from antiphon.engine.infill import Infilling
from antiphon.engine.notes import Note, events_of, without_overlaps
from antiphon.engine.protocol import Answer, Error, Infill, Open
from antiphon.engine.session import Session
from antiphon.engine.tokens import Row, decode
from antiphon.engine.wishes import Constraints, Feel
from bundles import tiny_model
from music import notes_strategy

FREE = Feel(temperature=1, top_p=1, min_p=0)
BAR = 192
BEFORE = [Note(48 * i, 0, 50 + i, 40, 80) for i in range(8)]
AFTER = tuple(Note(5 * BAR + 24 * i, 0, 62 + i, 20, 80) for i in range(5))
"""As much as fits within the reach of the tests' model."""


def session(notes: list[Note] | None = None, **wishes: object) -> Session:
    opened = {"feel": FREE, "metre": (4, 4), **wishes}
    s = Session(tiny_model(), Open(1, **opened))  # type: ignore[arg-type]
    s.hear(events_of(BEFORE if notes is None else notes))
    return s


def filled(s: Session, request: Infill) -> tuple[list[Note], str]:
    s.infill(request)
    notes: list[Note] = []
    while s.answering:
        progress = s.step()
        notes += progress.notes
    assert progress.reason is not None
    return notes, progress.reason


def rows_of(s: Session, request: Infill) -> list[Row]:
    """What the model is shown before it plays."""
    s.infill(request)
    assert isinstance(s._infilling, Infilling)
    return list(s._infilling.rows)


def moved(note: Note, ticks: int) -> Note:
    return Note(note.onset + ticks, note.instrument, note.pitch, note.length, note.velocity)


def key(note: Note) -> tuple[int, int]:
    return note.instrument, note.pitch


def split(rows: list[Row]) -> tuple[list[Row], list[Row], list[Row]]:
    tokens = [row.token for row in rows]
    suffix, middle = tokens.index(vocab.SUFFIX), tokens.index(vocab.MIDDLE)
    return rows[:suffix], rows[suffix + 1 : middle], rows[middle + 1 :]


def test_the_model_is_shown_what_comes_before_then_what_comes_after_then_asked() -> None:
    request = Infill(1, 1, start=2 * BAR, until=5 * BAR, after=AFTER)
    before, after, middle = split(rows_of(session(styles=("hymn",)), request))
    last = BEFORE[-1].onset

    assert before[:3] == [Row(vocab.STYLE + 1), Row(vocab.METRE + 2), Row(vocab.START)]
    assert [n.onset for n in decode(before[3:])] == [n.onset for n in BEFORE]
    # The waits that lead to what comes after are counted from the last moment before the gap.
    assert [n.onset for n in decode(after, last)] == [n.onset for n in AFTER]
    gap = next(i for i, row in enumerate(after) if row.velocity)
    assert after[:gap] == [Row(i) for i in vocab.wait_ids(AFTER[0].onset - last)]
    assert after[gap].timing == 1
    assert middle == []


def test_a_gap_of_many_bars_is_waited_out_up_to_what_one_wait_can_say() -> None:
    late = tuple(moved(note, 20 * BAR) for note in AFTER)
    request = Infill(1, 1, start=20 * BAR, until=25 * BAR, after=late)
    *_, middle = split(rows_of(session(), request))
    waited = sum(vocab.ticks_of(row.token) for row in middle)

    assert BEFORE[-1].onset + waited == 20 * BAR - vocab.TIMES[-1]


@given(notes_strategy(12), notes_strategy(12), st.integers(0, 500), st.integers(1, 400))
@settings(max_examples=25, deadline=None)
def test_the_gap_is_never_left_and_no_key_is_struck_while_it_is_held(
    heard: list[Note], behind: list[Note], start: int, length: int
) -> None:
    until = start + length
    after = tuple(moved(note, until) for note in without_overlaps(behind))
    s = session(heard)
    notes, _ = filled(s, Infill(1, 1, start, until, after))
    kept = [note for note in s.transcript.notes() if note.onset < start]

    assert all(start <= note.onset < until for note in notes)
    assert [note.onset for note in notes] == sorted(note.onset for note in notes)
    for note in notes:
        others = [n for n in (*kept, *notes, *after) if key(n) == key(note) and n is not note]
        assert not [n for n in others if n.onset < note.end and note.onset < n.end]


def test_what_the_session_has_heard_does_not_change() -> None:
    s, untouched = session(), session()
    s.hear(events_of(AFTER))
    untouched.hear(events_of(AFTER))
    filled(s, Infill(1, 1, start=2 * BAR, until=5 * BAR, after=AFTER))

    assert s.transcript.rows == untouched.transcript.rows
    request = Answer(1, 2, start=8 * BAR, until=9 * BAR)
    answers = []
    for one in (s, untouched):
        one.answer(request)
        notes: list[Note] = []
        while one.answering:
            notes += one.step().notes
        answers.append(notes)
    assert answers[0] == answers[1]


def test_the_same_seed_fills_the_gap_alike_and_what_comes_after_is_heard() -> None:
    def fill(seed: int, after: tuple[Note, ...]) -> list[Note]:
        s = session(seed=seed, constraints=Constraints((0,)))
        return filled(s, Infill(1, 1, start=2 * BAR, until=5 * BAR, after=after))[0]

    higher = tuple(Note(n.onset, 0, n.pitch + 20, n.length, n.velocity) for n in AFTER)
    assert fill(1, AFTER) == fill(1, AFTER)
    assert fill(1, AFTER) != fill(2, AFTER)
    assert fill(1, AFTER) != fill(1, higher)


def test_only_the_asked_instruments_fill_the_gap() -> None:
    asked = Constraints((3, 16), lowest=50, highest=60, enter_within=0)
    notes, _ = filled(
        session(), Infill(1, 1, start=2 * BAR, until=5 * BAR, after=AFTER, constraints=asked)
    )

    assert notes
    assert {n.instrument for n in notes} <= {3, 16}


@pytest.mark.parametrize(
    ("heard", "after"), [([], AFTER), (BEFORE, ()), ([], ())], ids=["begin", "end", "all"]
)
def test_a_gap_at_either_end_of_the_piece_is_filled_too(
    heard: list[Note], after: tuple[Note, ...]
) -> None:
    s = session(heard)
    request = Infill(1, 1, start=2 * BAR, until=5 * BAR, after=after)
    tokens = [row.token for row in rows_of(s, request)]
    notes, _ = filled(s, request)

    assert (vocab.SUFFIX in tokens) == (vocab.MIDDLE in tokens) == bool(after)
    assert vocab.START in tokens
    assert all(2 * BAR <= n.onset < 5 * BAR for n in notes)


def test_of_long_music_on_either_side_what_is_near_the_gap_is_shown() -> None:
    reach = tiny_model().shape.window
    long = [Note(24 * i, 0, 40 + i % 40, 20, 80) for i in range(400)]
    start = 200 * 24
    after = tuple(note for note in long if note.onset >= start + BAR)
    rows = rows_of(session(long), Infill(1, 1, start, start + BAR, after))
    before, behind, _ = split(rows)

    assert vocab.START not in [row.token for row in before]
    assert len(before) + len(behind) < reach
    assert decode(before)[-1].pitch == long[199].pitch
    assert decode(behind)[0].pitch == after[0].pitch


def test_where_the_player_is_says_nothing_about_a_gap() -> None:
    s = session()
    s.answer(Answer(1, 1, start=2 * BAR, until=3 * BAR, prompt=True))
    s.heard(10**6, 96)
    assert s.music_left_ms < 0
    s.infill(Infill(1, 2, start=2 * BAR, until=5 * BAR, after=AFTER))

    assert s.music_left_ms == 0


@pytest.mark.parametrize("what", ["key", "rewind", "cancel"])
def test_whatever_the_player_does_ends_it(what: str) -> None:
    s = session()
    s.infill(Infill(1, 1, start=2 * BAR, until=5 * BAR, after=AFTER))
    s.step()
    if what == "key":
        s.hear(events_of([Note(5000, 0, 60, 9, 80)]))
    elif what == "rewind":
        s.rewind(100)
    else:
        s.cancel()

    assert not s.answering


def test_a_gap_for_which_there_is_no_place_is_refused_and_the_session_goes_on() -> None:
    desk = Desk(tiny_model(), "tiny", lambda: 0)
    desk.handle(b"", Open(1))
    taken = [tiny_model().slot() for _ in range(tiny_model().pool.free)]
    (refused,) = desk.handle(b"", Infill(1, 1, start=0, until=BAR, after=AFTER))

    assert isinstance(refused, Error)
    assert (refused.code, refused.whose) == ("refused", "client")
    taken.clear()
    assert desk.handle(b"", Infill(1, 1, start=0, until=BAR, after=AFTER)) == []
    assert [type(reply) for _, reply in desk.turn()] == []
    assert len(desk.conversations) == 1
