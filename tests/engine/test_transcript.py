"""The transcript, event by event, against encoding the finished notes at once."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Event, Note, NoteOff, NoteOn, Pedal, events_of
from antiphon.engine.tokens import Cursor, Grid, Row, Whole, decode, encode, encode_note
from antiphon.engine.transcript import RESTATE_AFTER, Entry, Transcript
from music import notes_strategy


def heard(events: Sequence[Event]) -> Transcript:
    transcript = Transcript()
    for event in events:
        before = list(transcript.rows)
        changed = transcript.hear([event])
        assert transcript.rows[:changed] == before[:changed], "rows ahead of the change stand"
    return transcript


@given(notes_strategy())
def test_hearing_events_one_by_one_equals_encoding_the_notes_at_once(notes: list[Note]) -> None:
    transcript = heard(list(events_of(notes)))

    origin = min((n.onset for n in notes), default=0)
    assert transcript.rows == encode(notes, origin=origin)


@given(notes_strategy())
def test_every_prefix_of_the_events_decodes_to_the_notes_struck_so_far(notes: list[Note]) -> None:
    transcript = Transcript()
    struck = 0
    for event in events_of(notes):
        transcript.hear([event])
        struck += isinstance(event, NoteOn)
        assert len(decode(transcript.rows)) == struck


@given(notes_strategy())
def test_rewinding_forgets_what_was_struck_since_and_nothing_else(notes: list[Note]) -> None:
    events = list(events_of(notes))
    for cut in {n.onset for n in notes}:
        transcript = heard(events)
        changed = transcript.rewind(cut)
        kept = [n for n in heard(events).notes() if n.onset < cut]

        assert transcript.notes() == kept
        assert transcript.rows == encode(kept, origin=kept[0].onset if kept else 0)
        assert changed <= len(transcript.rows)


def test_what_sounds_at_a_rewind_ends_there_unless_it_keeps_its_end() -> None:
    for keeps_ends, length in ((False, 20), (True, 96)):
        transcript = heard([NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60)])
        for row in encode_note(Note(10, 4, 40, 96, 88), transcript.begin_playing()):
            transcript.play(row)
        transcript.rewind(30, keeps_ends)

        assert transcript.notes() == [Note(0, 0, 60, 10, 80), Note(10, 4, 40, length, 88)]


def test_a_key_still_down_has_a_provisional_length_until_it_goes_up() -> None:
    transcript = heard([NoteOn(10, 0, 60, 80)])
    assert transcript.notes() == [Note(10, 0, 60, 24, 80)]
    assert [e.note.pitch for e in transcript.open_entries()] == [60]

    transcript.hear([NoteOff(100, 0, 60)])

    assert transcript.notes() == [Note(10, 0, 60, 90, 80)]
    assert transcript.open_entries() == []


def test_the_pedal_holds_released_keys_until_it_goes_up() -> None:
    transcript = heard(
        [
            Pedal(0, 0, True), NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60), NoteOn(20, 0, 64, 80),
            NoteOff(30, 0, 64), Pedal(48, 0, False),
        ]
    )  # fmt: skip

    assert transcript.notes() == [Note(0, 0, 60, 48, 80), Note(20, 0, 64, 28, 80)]


def test_a_key_struck_again_under_the_pedal_ends_its_first_note() -> None:
    transcript = heard(
        [
            Pedal(0, 0, True), NoteOn(0, 0, 60, 80), NoteOff(10, 0, 60), NoteOn(20, 0, 60, 80),
            NoteOff(30, 0, 60), Pedal(48, 0, False),
        ]
    )  # fmt: skip

    assert transcript.notes() == [Note(0, 0, 60, 20, 80), Note(20, 0, 60, 28, 80)]


def test_a_release_nobody_struck_changes_nothing() -> None:
    assert heard([NoteOff(5, 0, 60), NoteOn(6, DRUMS, 36, 90)]).notes()[0].pitch == 36


def test_what_the_model_plays_is_appended_and_cut_where_it_was_interrupted() -> None:
    transcript = heard([NoteOn(0, 0, 60, 80), NoteOff(24, 0, 60)])
    cursor = transcript.begin_playing()
    played = []
    for row in encode([Note(48, 0, 62, 48, 72), Note(96, 0, 64, 48, 72)], origin=0):
        played += transcript.play(cursor.advance(row.token, row.velocity))
    assert played == [Note(48, 0, 62, 48, 72), Note(96, 0, 64, 48, 72)]

    transcript.rewind(60)

    assert transcript.notes() == [Note(0, 0, 60, 24, 80), Note(48, 0, 62, 12, 72)]
    assert transcript.rows == encode(transcript.notes())


def test_waits_that_led_nowhere_are_dropped_when_the_player_goes_on() -> None:
    transcript = heard([NoteOn(0, 0, 60, 80), NoteOff(24, 0, 60)])
    cursor = transcript.begin_playing()
    for token in (row.token for row in encode([Note(48, 0, 62, 4, 72)])[:1]):
        transcript.play(cursor.advance(token))

    transcript.rewind(48)

    assert transcript.rows == encode(transcript.notes())


@given(notes_strategy())
def test_hearing_many_events_at_once_equals_hearing_them_one_by_one(notes: list[Note]) -> None:
    events = list(events_of(notes))
    at_once = Transcript()
    at_once.hear(events)

    assert at_once.rows == heard(events).rows
    assert at_once.notes() == heard(events).notes()


@given(notes_strategy(), st.randoms(use_true_random=False))
def test_strikes_that_come_late_end_in_the_same_place(notes: list[Note], random: Random) -> None:
    events = [e for e in events_of(notes) if isinstance(e, NoteOn)]
    late = list(events)
    random.shuffle(late)
    transcript = heard(late)

    assert [(n.onset, n.instrument, n.pitch) for n in transcript.notes()] == sorted(
        (e.tick, e.instrument, e.pitch) for e in events
    )
    assert transcript.rows == encode(transcript.notes(), origin=transcript.origin)


LABELS = (Row(vocab.STYLE), Row(vocab.WITH))
OTHERS = (Row(vocab.STYLE + 1), Row(vocab.WITH))
GRID = Grid(0, 192)


class Slow:
    """A transcript with labels beside a plain account of it: which note is led to by which."""

    def __init__(self) -> None:
        self.fast = Transcript(LABELS, GRID)
        self.told: dict[Entry, tuple[Row, ...]] = {}
        self.whole: Whole | None = None

    def changed(self, before: list[Row], at: int) -> None:
        """From this row on all was written anew: labels told there are gone."""
        assert self.fast.rows[:at] == before[:at], "rows ahead of the change stand"
        left = {entry for entry in self.fast.entries if entry.begin < at}
        self.told = {entry: labels for entry, labels in self.told.items() if entry in left}

    def rows(self) -> list[Row]:
        cursor = Cursor(self.fast.origin, GRID, self.whole)
        rows = list(LABELS)
        for entry in self.fast.entries:
            own = encode_note(entry.note, cursor)
            at = next(i for i, row in enumerate(own) if row.velocity)
            rows += [*own[:at], *self.told.get(entry, ()), *own[at:]]
        return rows

    def hear(self, notes: list[Note]) -> None:
        before = list(self.fast.rows)
        self.changed(before, self.fast.hear(events_of(self._behind(notes))))

    def play(self, notes: list[Note], labels: list[bool]) -> None:
        self.fast.trim()
        music = self._behind(notes)
        cursor = self.fast.begin_playing(music[0].onset if music else 0)
        for i, note in enumerate(music):
            new = i == 0 or note.onset > music[i - 1].onset
            kind = OTHERS if i % 2 else LABELS
            told = new and labels[i % len(labels)] and self.fast.due(kind)
            self.fast.rest_until(note.onset, cursor)
            if told:
                self.fast.tell(kind)
            for row in encode_note(note, Cursor(note.onset)):
                self.fast.play(cursor.advance(row.token, row.velocity))
            if told:
                self.told[self.fast.entries[-1]] = kind

    def rewind(self, part: float) -> None:
        before = list(self.fast.rows)
        self.changed(before, self.fast.rewind(round(part * (self.fast.tick + 20))))

    def place(self, whole: Whole | None) -> None:
        before, self.whole = list(self.fast.rows), whole
        self.changed(before, self.fast.place(whole))

    def _behind(self, notes: list[Note]) -> list[Note]:
        """The notes as they come behind what there is, on the model's own grid."""
        first = self.fast.tick + 1 if self.fast.entries else 0
        music = decode(encode(notes))
        return [Note(n.onset + first, n.instrument, n.pitch, n.length, n.velocity) for n in music]


steps = st.one_of(
    st.tuples(st.just("hear"), notes_strategy(8)),
    st.tuples(st.just("play"), notes_strategy(8), st.lists(st.booleans(), min_size=1, max_size=4)),
    st.tuples(st.just("rewind"), st.floats(0, 1)),
    st.tuples(st.just("place"), st.none() | st.builds(Whole, st.just(0), st.integers(1, 9000))),
)


@given(st.lists(steps, max_size=8))
def test_labels_stand_before_the_note_they_led_to_until_it_is_written_anew(
    story: list[tuple[object, ...]],
) -> None:
    slow = Slow()
    for name, *arguments in story:
        getattr(slow, str(name))(*arguments)
        slow.fast.trim()
        assert slow.fast.rows == slow.rows()


@given(st.lists(st.tuples(st.sampled_from([LABELS, OTHERS, ()]), st.integers(1, 900)), max_size=6))
def test_labels_are_due_when_they_are_others_or_were_told_long_ago(
    story: list[tuple[tuple[Row, ...], int]],
) -> None:
    transcript = Transcript(LABELS)
    last: tuple[Row, ...] = LABELS
    since = 0
    cursor = transcript.begin_playing()
    for labels, rows in story:
        expected = labels != () and (labels != last or since > RESTATE_AFTER)
        assert transcript.due(labels) == expected
        if expected:
            transcript.tell(labels)
            last, since = labels, 0
        for _ in range(rows):
            transcript.play(cursor.advance(vocab.note_id(DRUMS, 36), 4))
        since += rows


def test_labels_told_for_an_answer_that_is_taken_back_are_due_again() -> None:
    slow = Slow()
    slow.hear([Note(0, 0, 60, 24, 72)])
    slow.play([Note(0, 0, 62, 24, 72), Note(24, 0, 64, 24, 72)], [False, True])
    slow.fast.tell(OTHERS)
    assert not slow.fast.due(OTHERS)

    slow.rewind(0.5)

    assert slow.fast.due(OTHERS)
    assert not slow.fast.due(LABELS)


def test_a_piece_from_nothing_begins_under_the_labels_of_its_answer() -> None:
    transcript = Transcript(LABELS, GRID)
    assert transcript.start(OTHERS) == 0
    cursor = transcript.begin_playing(96)
    transcript.play(cursor.advance(vocab.note_id(DRUMS, 36), 4))

    first = Row(vocab.note_id(DRUMS, 36), 4, GRID.timing(96), 1)
    assert transcript.rows == [*OTHERS, Row(vocab.START), first]
    assert transcript.rewind(0) == 0
    assert transcript.rows == [*LABELS]


def test_an_example_stands_between_the_labels_and_what_is_heard() -> None:
    example = encode([Note(0, 0, 50, 24, 72), Note(24, 0, 52, 24, 72)])
    transcript = Transcript(LABELS, GRID, example)
    heard_rows = encode([Note(7, 0, 60, 24, 80)], 7, GRID)
    transcript.hear(events_of([Note(7, 0, 60, 24, 80)]))

    assert transcript.rows == [*LABELS, *example, *heard_rows]
    transcript.rewind(0)
    assert transcript.rows == [*LABELS, *example]
