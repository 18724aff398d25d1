"""What a journal says comes back as it went in, however the file was cut or spoilt."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import journal, link, midi
from antiphon.bridge.checked_frames import frame
from antiphon.bridge.config import Settings
from antiphon.bridge.journal import Began, ByHand, Event, Moment, Replied, Turn
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note
from antiphon.engine.protocol import Done, Error, Notes
from antiphon.engine.wishes import Chord, Constraints

TIMES = st.integers(0, 2**62)
MESSAGES = st.binary(min_size=1, max_size=3)
NOTES = st.builds(
    Note, st.integers(0, 10**6), st.integers(0, 16), st.integers(0, 127), st.integers(1, 900),
    st.integers(1, 127),
)  # fmt: skip
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(link.Played, TIMES, MESSAGES),
    st.builds(link.Sounded, TIMES, TIMES, MESSAGES),
    st.builds(link.Planned, NOTES, st.integers(0, 15), st.integers(0, 99)),
    st.builds(link.EngineIs, st.booleans(), st.text(max_size=9)),
    st.builds(link.Turned, TIMES, TIMES, st.sampled_from(["idle", "listening", "answering"])),
    st.builds(link.Released, TIMES),
    st.builds(link.Recalled, TIMES),
    st.builds(link.Retimed, TIMES, st.integers(48, 10**9), st.integers(0, 999), TIMES),
    st.builds(Replied, st.builds(Notes, st.just(1), st.integers(0, 9), st.tuples(NOTES))),
    st.builds(ByHand, st.binary(min_size=1, max_size=1)),
    st.builds(Turn, TIMES),
)
RULES = Constraints(scale="A minor", chords=(Chord("Am7"), Chord((0, 4, 9), bars=0.5)))
BEGAN = Began(
    journal.VERSION,
    "2026-11-21T14:03:22.123+01:00",
    7_000,
    Settings(seed=5, bpm=92.5, metre=(3, 4), example=(Note(0, 0, 60, 4, 80),), rules=RULES),
    "/music/bundle",
    "0123abcd",
)


def file_of(events: Sequence[Event]) -> bytes:
    return b"".join(frame(n, journal.body(event)) for n, event in enumerate(events, 1))


@given(st.lists(EVENTS, max_size=20))
def test_a_session_reads_as_it_was_written(events: list[Event]) -> None:
    assert journal.read(file_of([BEGAN, *events])) == journal.Journal(BEGAN, tuple(events), 0, 0)


@given(st.lists(EVENTS, max_size=12), st.data())
def test_whatever_is_behind_a_cut_is_counted_and_left_out(
    events: list[Event], data: st.DataObject
) -> None:
    file = file_of([BEGAN, *events])
    cut = data.draw(st.integers(len(file_of([BEGAN])), len(file)))
    read = journal.read(file[:cut])

    assert read is not None
    assert read.events == tuple(events[: len(read.events)])
    assert len(file_of([BEGAN, *read.events])) + read.cut == cut


@given(st.binary(max_size=300))
def test_what_is_no_journal_is_none(garbage: bytes) -> None:
    assert journal.read(garbage) is None
    assert journal.read(file_of([Turn(1)])) is None


def test_kinds_and_fields_of_a_later_version_are_passed_over() -> None:
    later = msgspec.msgpack.encode(["take", 3, "kept"])
    longer = msgspec.msgpack.encode(["turn", 8, "and more"])
    file = file_of([BEGAN, Turn(7)]) + frame(3, later) + frame(4, longer) + frame(5, b"\xc1")
    read = journal.read(file)

    assert read is not None
    assert read.events == (Turn(7), Turn(8))
    assert (read.missing, read.cut) == (0, 0)


def test_what_found_no_room_is_missed_by_its_numbers() -> None:
    one, two, turn = link.Played(1, b"\x90\x01\x01"), link.Released(3), Turn(4)
    numbered = ((1, BEGAN), (2, one), (40, two), (41, turn))
    file = b"".join(frame(n, journal.body(event)) for n, event in numbered)
    read = journal.read(file)

    assert read is not None
    assert read.events == (one, two, turn)
    assert read.missing == 37


def test_the_turns_of_the_loop_hold_all_that_came_in_them() -> None:
    on, off = midi.note_on(0, 60, 80), midi.note_off(0, 60)
    notes = Replied(Notes(1, 3, (Note(0, 0, 60, 5, 80),)))
    done, error = Replied(Done(1, 3, "until", 4, 5, 6)), Replied(Error("internal", "engine", "x"))
    here = link.EngineIs(True, "small")
    timeline = Timeline.at(97, 5)
    line = timeline.ns_per_beat, timeline.tick_origin, timeline.time_origin_ns
    events: list[Event] = [
        here, Turn(10), link.Played(20, on), link.Played(20, off), notes, link.Sounded(19, 20, on),
        Turn(20), link.Retimed(30, *line), done, error, ByHand(b"h"), ByHand(b"p"), Turn(30),
        link.Played(40, on),
    ]  # fmt: skip

    assert list(journal.moments(events)) == [
        Moment(10, (), (here,)),
        Moment(20, (link.Played(20, on), link.Played(20, off)), (notes,)),
        Moment(30, (), (done, error), (b"h", b"p"), (timeline,)),
    ]


def test_a_session_in_figures() -> None:
    on, off = midi.note_on(0, 60, 80), midi.note_off(0, 60)
    silent = bytes((0x90, 60, 0))
    events = (
        link.Played(1, on), link.Played(2, silent), link.Played(3, on), link.Sounded(4, 4, on),
        link.Sounded(5, 5, off), Turn(BEGAN.origin_ns + 1_500_000_000), link.Released(6),
    )  # fmt: skip

    assert journal.figures(journal.Journal(BEGAN, events, 0, 0)) == (1.5, 2, 1)
    assert journal.figures(journal.Journal(BEGAN, (), 0, 0)) == (0, 0, 0)


def test_a_session_that_ended_before_its_song_began_lasted_no_time() -> None:
    ended = (Turn(BEGAN.origin_ns - 4_000_000_000),)

    assert journal.figures(journal.Journal(BEGAN, ended, 0, 0)) == (0, 0, 0)
