"""What a session tells its model beside the notes: labels again, blends, examples, the whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from antiphon.engine import transcript as transcripts
from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import Event, Note, NoteOff, NoteOn, events_of
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.session import EXAMPLE_ROWS, Session
from antiphon.engine.tokens import MAX_CHORD, Row, Whole, decode, encode
from antiphon.engine.wishes import Blend, Constraints, Feel
from bundles import STYLES, tiny_model

FREE = Feel(temperature=1, top_p=1, min_p=0)
HYMN = vocab.STYLE + STYLES.index("hymn")
PIANO = Row(vocab.WITH)
BAR = 192


def session(**wishes: object) -> Session:
    opened = {"feel": FREE, "metre": (4, 4), "constraints": Constraints((0,)), **wishes}
    return Session(tiny_model(), Open(1, **opened))  # type: ignore[arg-type]


def phrase(n: int, first: int = 0) -> list[Event]:
    return list(events_of([Note(first + 12 * i, 0, 55 + i % 12, 12, 80) for i in range(n)]))


def answered(s: Session, request: Answer) -> tuple[list[Note], str]:
    s.answer(request)
    notes: list[Note] = []
    reason = None
    while s.answering:
        progress = s.step()
        notes += progress.notes
        reason = progress.reason or reason
    assert reason is not None
    return notes, reason


def is_label(row: Row) -> bool:
    return vocab.WITH <= row.token < vocab.WAIT or row.token >= vocab.STYLE


def tellings(rows: list[Row]) -> Iterator[tuple[int, list[Row]]]:
    """Index and rows of each place where labels are told."""
    at = 0
    while at < len(rows):
        end = at
        while end < len(rows) and is_label(rows[end]):
            end += 1
        if end > at:
            yield at, rows[at:end]
        at = end + 1


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> int:
    """Labels that are told again after few rows."""
    monkeypatch.setattr(transcripts, "RESTATE_AFTER", 40)
    return 40


def test_the_prefix_says_style_instruments_tempo_and_metre_ahead_of_the_start() -> None:
    s = session(styles=("chopin",), bpm=120.0, constraints=Constraints((16, 0)))
    answered(s, Answer(1, 1, start=0, until=200, prompt=True))
    names = [tiny_model().vocabulary.text(row.token) for row in s.transcript.rows[:6]]

    assert names == [
        "style:Chopin_F", "with:piano", "with:drums", "tempo:120", "metre:4/4", "start"
    ]  # fmt: skip


def test_labels_are_told_again_between_a_wait_and_the_first_note_of_a_moment(
    forgetful: int,
) -> None:
    s = session(styles=("chopin",))
    s.hear(phrase(12))
    answered(s, Answer(1, 1, start=150, until=150 + 99 * BAR, prompt=True))
    rows = s.transcript.rows
    (_, first), *again = tellings(rows)

    assert len(again) >= 4
    for at, told in again:
        assert told == first
        assert vocab.is_wait(rows[at - 1].token)
        assert rows[at + len(told)].chord == 1
    ends = [at + len(told) for at, told in tellings(rows)]
    for before, (at, _) in zip(ends, again, strict=False):
        # Due after so many rows, and told at the next moment: the one before came too early.
        moments = [i for i in range(before + 1, at) if rows[i].chord == 1 and rows[i].velocity]
        assert at - before > forgetful >= max(moments) - before


def test_without_the_labels_the_rows_are_those_of_the_notes(forgetful: int) -> None:
    s = session(styles=("chopin",))
    s.hear(phrase(12))
    answered(s, Answer(1, 1, start=150, until=150 + 99 * BAR, prompt=True))
    rows = [row for row in s.transcript.rows if not is_label(row)]

    assert decode(rows) == decode(encode(s.transcript.notes()))
    assert all(row.part == row.countdown == 0 for row in s.transcript.rows)


def test_notes_of_one_moment_share_its_place_in_the_bar_and_are_counted() -> None:
    s = session(metre=(3, 4), constraints=Constraints((0, 5, 16)))
    s.hear(phrase(12))
    answered(s, Answer(1, 1, start=150, until=150 + 60 * BAR, prompt=True))
    tick, struck, counts = 0, 0, []
    for row in s.transcript.rows:
        if vocab.is_wait(row.token):
            tick, struck = tick + vocab.ticks_of(row.token), 0
        struck += vocab.is_note(row.token)
        if vocab.is_note(row.token) or vocab.is_length(row.token):
            assert (row.timing, row.chord) == (1 + tick % 144, min(struck, MAX_CHORD))
            counts.append(struck)
        else:
            assert row.chord == 0
    assert max(counts) > 2, "there were chords"


def test_an_answer_taken_again_is_told_its_labels_again_and_is_the_same(forgetful: int) -> None:
    s = session(styles=("chopin",), seed=3)
    s.hear(phrase(12))
    first, _ = answered(s, Answer(1, 1, start=150, until=3000, prompt=True))
    rows = list(s.transcript.rows)
    for cut in (150, 1000):
        s.rewind(cut)
    s.rewind(150)
    again, _ = answered(s, Answer(1, 2, start=150, until=3000, prompt=True))

    assert again == first
    assert s.transcript.rows == rows


def test_other_instruments_than_last_time_are_told_where_their_answer_begins() -> None:
    s = session()
    s.hear(phrase(4))
    answered(s, Answer(1, 1, 60, 200, prompt=True))
    assert [told for _, told in tellings(s.transcript.rows)] == [[PIANO, Row(vocab.METRE + 2)]]

    first = len(s.transcript.rows)
    strings = Constraints((5,))
    answered(s, Answer(1, 2, 400, 600, prompt=True, constraints=strings))
    ((at, told),) = tellings(s.transcript.rows[first:])

    assert told == [Row(vocab.WITH + 5), Row(vocab.METRE + 2)]
    assert all(vocab.is_wait(row.token) for row in s.transcript.rows[first : first + at])


def blended(share: float, toward: float | None = None) -> Session:
    return session(blend=Blend("Chopin", "hymn", share, toward))


def test_a_blend_lies_between_its_styles() -> None:
    def logits(s: Session) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        s.hear(phrase(6))
        return np.array(s.logits())

    chopin, hymn = logits(session(styles=("Chopin",))), logits(session(styles=("hymn",)))
    np.testing.assert_array_equal(logits(blended(0)), chopin)
    np.testing.assert_array_equal(logits(blended(1)), hymn)
    for share in (0.3, 0.7):
        mixed = logits(blended(share))
        assert np.abs(mixed - chopin).max() > 1e-3
        assert np.abs(mixed - hymn).max() > 1e-3
        nearer = chopin if share < 0.5 else hymn
        assert min(np.abs(mixed - s).sum() for s in (chopin, hymn)) == np.abs(mixed - nearer).sum()


def share_of_hymn(told: list[Row]) -> int:
    (row,) = [row for row in told if row.token >= vocab.STYLE]
    own = row.share if row.other == HYMN else 100 - row.share
    return own if row.other else 100 * (row.token == HYMN)


def test_a_blend_that_moves_is_told_step_by_step_over_the_answer() -> None:
    s = blended(0, toward=1)
    s.hear(phrase(6))
    notes, _ = answered(s, Answer(1, 1, start=100, until=100 + 24 * BAR, prompt=True))
    shares = [share_of_hymn(told) for _, told in tellings(s.transcript.rows)]

    assert shares[0] == 0
    assert shares[-1] >= 90
    assert shares == sorted(set(shares))
    assert len(shares) >= 8
    assert notes[-1].onset > 100 + 23 * BAR

    s.hear(phrase(2, first=100 + 25 * BAR))
    answered(s, Answer(1, 2, start=100 + 26 * BAR, until=100 + 27 * BAR, prompt=True))
    assert 0 in [share_of_hymn(told) for _, told in tellings(s.transcript.rows)][1:]


EXAMPLE = tuple(Note(24 * i, 0, 40 + i % 9, 20, 70) for i in range(40))


def test_an_example_stands_as_music_heard_before_and_is_never_part_of_the_session() -> None:
    s = session(example=EXAMPLE)
    heard = session()
    heard.hear(events_of(EXAMPLE))
    bar_end = 5 * BAR
    waits = [Row(i) for i in vocab.wait_ids(bar_end - EXAMPLE[-1].onset)]

    assert s.transcript.rows == heard.transcript.rows + waits
    assert s.transcript.notes() == []
    notes, _ = answered(s, Answer(1, 1, start=0, until=400, prompt=True))
    assert notes[0].onset == 0
    assert vocab.START not in [row.token for row in s.transcript.rows]
    s.rewind(0)
    assert s.transcript.rows == heard.transcript.rows + waits


def test_an_example_is_heard_in_the_answer() -> None:
    def answer(**wishes: object) -> list[Note]:
        s = session(**wishes)
        s.hear(phrase(4))
        return answered(s, Answer(1, 1, start=60, until=4000, prompt=True))[0]

    other = tuple(Note(n.onset, 0, n.pitch + 30, 10, 90) for n in EXAMPLE)
    assert answer() != answer(example=EXAMPLE) != answer(example=other)


def test_of_a_long_example_the_end_counts() -> None:
    long = tuple(Note(24 * i, 0, 40 + i % 40, 20, 70) for i in range(2000))
    labels = len(session().transcript.rows)
    rows = session(example=long).transcript.rows[labels:]

    assert EXAMPLE_ROWS - 3 <= len([r for r in rows if r.chord or r.timing]) <= EXAMPLE_ROWS
    assert decode(rows)[-1].pitch == long[-1].pitch
    assert vocab.is_note(rows[0].token)


def test_labels_are_told_again_after_a_long_example() -> None:
    s = session(example=EXAMPLE * 1 + tuple(Note(960 + 12 * i, 0, 60, 9, 70) for i in range(200)))
    answered(s, Answer(1, 1, start=0, until=200, prompt=True))
    (first, _), (again, _) = tellings(s.transcript.rows)

    assert first == 0
    assert s.transcript.rows[again + 2].velocity


def test_where_the_end_is_known_every_row_but_labels_says_how_far_it_is() -> None:
    s = session()
    s.hear(phrase(20, first=48))
    ends = 48 + 40 * BAR
    answered(s, Answer(1, 1, start=300, until=300 + 30 * BAR, prompt=True, ends=ends))
    whole = Whole(48, ends - 48)
    body = [row for row in s.transcript.rows if not is_label(row)]
    tick = 48
    for row in body:
        tick += vocab.ticks_of(row.token) if vocab.is_wait(row.token) else 0
        assert (row.part, row.countdown) == whole.place(tick)
    assert body[0].part == 1
    assert len({row.part for row in body}) > 20

    answered(s, Answer(1, 2, start=31 * BAR, until=32 * BAR))
    assert {row.part for row in s.transcript.rows} == {0}


def test_the_part_and_the_countdown_reach_the_model() -> None:
    def answer(ends: int | None) -> list[Note]:
        s = session(seed=4)
        s.hear(phrase(20))
        return answered(s, Answer(1, 1, start=300, until=700, prompt=True, ends=ends))[0]

    assert answer(5000) == answer(5000)
    assert answer(5000) != answer(None)
    assert answer(5000) != answer(50_000)


def test_a_piece_ends_by_itself_around_its_end() -> None:
    reasons = []
    for seed in range(8):
        s = session(seed=seed)
        request = Answer(1, 1, start=0, until=99 * BAR, prompt=True, ends=20 * BAR)
        notes, reason = answered(s, request)
        reached = sum(vocab.ticks_of(r.token) for r in s.transcript.rows if vocab.is_wait(r.token))
        reasons.append(reason)
        assert notes[-1].onset < 21 * BAR
        assert reached >= 19 * BAR or reason == "until"
    # At the end it is a few hundred times as likely as any one note: eight misses are rare.
    assert "end" in reasons


def test_a_piece_that_is_over_is_not_gone_on_with() -> None:
    s = session()
    s.hear(phrase(40))
    assert answered(s, Answer(1, 1, start=600, until=900, prompt=True, ends=300)) == ([], "until")


def test_ten_instruments_all_come_in() -> None:
    asked = (0, 2, 3, 4, 5, 6, 7, 8, 9, 16)
    s = session(constraints=Constraints(asked, enter_within=2))
    s.hear([NoteOn(0, 0, 60, 80), NoteOff(24, 0, 60)])
    notes, _ = answered(s, Answer(1, 1, start=48, until=48 + 8 * BAR, prompt=True))

    assert {n.instrument for n in notes} == set(asked)
