from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from antiphon.bridge.scheduler import LATEST_NS, Lateness, Scheduler, Sent
from antiphon.bridge.timeline import Timeline

MS = 1_000_000


def on(pitch: int, channel: int = 0, velocity: int = 64) -> bytes:
    return bytes((0x90 | channel, pitch, velocity))


def off(pitch: int, channel: int = 0) -> bytes:
    return bytes((0x80 | channel, pitch, 0))


def test_a_note_begins_and_ends_at_its_moments() -> None:
    scheduler = Scheduler()
    assert scheduler.add(10 * MS, 30 * MS, 1, 60, 64, 7)
    assert scheduler.next_due_ns() == 10 * MS
    assert scheduler.due(10 * MS - 1) == []
    assert scheduler.due(12 * MS) == [Sent(10 * MS, on(60, 1), 7)]
    assert scheduler.sounding == {(1, 60)}
    assert scheduler.next_due_ns() == 30 * MS
    assert scheduler.due(30 * MS) == [Sent(30 * MS, off(60, 1), 7)]
    assert scheduler.next_due_ns() is None


def test_an_end_comes_before_a_beginning_of_the_same_moment() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 10, 0, 60, 64, 0)
    scheduler.add(10, 20, 0, 50, 64, 0)
    scheduler.due(0)
    assert [sent.message for sent in scheduler.due(10)] == [off(60), on(50)]


def test_a_chord_keeps_the_order_it_was_given_in() -> None:
    scheduler = Scheduler()
    for pitch in (67, 60, 64):
        scheduler.add(5, 10, 0, pitch, 64, 0)
    assert [sent.message[1] for sent in scheduler.due(5)] == [67, 60, 64]


def test_a_key_struck_again_is_ended_first_and_its_old_end_forgotten() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 20, 0, 60, 64, 1)
    scheduler.add(10, 30, 0, 60, 64, 2)
    sent = scheduler.due(25)
    assert sent == [Sent(0, on(60), 1), Sent(10, off(60), 1), Sent(10, on(60), 2)]
    assert scheduler.due(100) == [Sent(30, off(60), 2)]


def test_a_note_too_late_is_dropped_with_its_end() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 10, 0, 60, 64, 0)
    scheduler.add(1, 10, 0, 62, 64, 0)
    assert [sent.message for sent in scheduler.due(LATEST_NS + 1)] == [on(62), off(62)]
    assert scheduler.late == 1


def test_an_end_is_sent_however_late() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 10, 0, 60, 64, 0)
    scheduler.due(0)
    assert [sent.message for sent in scheduler.due(10**12)] == [off(60)]


def test_cancelling_keeps_what_sounds() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 10, 0, 60, 64, 0)
    scheduler.add(5, 10, 0, 62, 64, 0)
    scheduler.due(0)
    assert scheduler.cancel() == 1
    assert scheduler.due(100) == [Sent(10, off(60), 0)]


def test_releasing_ends_what_sounds_at_once() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 10, 0, 60, 64, 3)
    scheduler.add(5, 10, 0, 62, 64, 3)
    scheduler.due(0)
    assert scheduler.release(4) == [Sent(4, off(60), 3)]
    assert scheduler.due(100) == []
    assert scheduler.next_due_ns() is None


def test_a_full_plan_refuses_and_counts() -> None:
    scheduler = Scheduler(capacity=2)
    taken = [scheduler.add(1, 2, 0, pitch, 64, 0) for pitch in (60, 61, 62)]
    assert taken == [True, True, False]
    assert scheduler.refused == 1
    assert scheduler.planned == 2


@pytest.mark.parametrize(
    "note", [(5, 5, 0, 60, 64), (0, 1, 16, 60, 64), (0, 1, 0, 128, 64), (0, 1, 0, 60, 0)]
)
def test_notes_that_cannot_be_are_refused(note: tuple[int, int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="note"):
        Scheduler().add(*note, generation=0)


def test_lateness_is_told_of_the_latest_messages_only() -> None:
    lateness = Lateness(capacity=100)
    lateness.note(0, 10**9)
    for late in range(100):
        lateness.note(1000, 1000 + late)
    told = lateness.percentiles()
    assert told == (101, 50, 95, 99, 99)
    assert lateness.latest()[0] == (1000, 1000)


def test_nothing_sent_is_never_late() -> None:
    assert Scheduler().lateness.percentiles() == (0, 0, 0, 0, 0)


def test_what_was_done_is_remembered() -> None:
    scheduler = Scheduler()
    scheduler.done(Sent(5, on(60), 0), 9)
    assert scheduler.lateness.latest() == [(5, 9)]


def test_at_half_the_tempo_everything_comes_twice_as_late() -> None:
    scheduler = Scheduler()
    scheduler.add(0, 30 * MS, 0, 60, 64, 0)
    scheduler.add(20 * MS, 40 * MS, 0, 62, 64, 0)
    scheduler.due(0)
    # 480 ms a beat are 10 ms a tick.
    scheduler.retime(Timeline(480 * MS, 0, 0), Timeline(960 * MS, 0, 0))
    sent = [Sent(40 * MS, on(62), 0), Sent(60 * MS, off(60), 0), Sent(80 * MS, off(62), 0)]
    assert [one for ms in range(0, 100, 20) for one in scheduler.due(ms * MS)] == sent


def test_there_and_back_again_changes_nothing() -> None:
    here, there = Timeline.at(97, 5), Timeline.at(174, 999)
    kept, moved = Scheduler(), Scheduler()
    for scheduler in (kept, moved):
        for tick in range(0, 200, 7):
            scheduler.add(here.time_at(tick), here.time_at(tick + 9), 0, tick % 5, 64, tick)
    moved.retime(here, there)
    moved.retime(there, here)
    for tick in range(240):
        now = here.time_at(tick)
        assert moved.due(now) == kept.due(now)


def test_a_note_of_less_than_a_tick_still_ends_after_it_began() -> None:
    scheduler = Scheduler()
    scheduler.add(100, 101, 0, 60, 64, 0)
    scheduler.retime(Timeline.at(1, 0), Timeline.at(1000, 0))
    assert [sent.message for sent in scheduler.due(10**6)] == [on(60), off(60)]


class Note(NamedTuple):
    on_ns: int
    off_ns: int
    key: tuple[int, int]
    generation: int


class NoteOffContract(RuleBasedStateMachine):
    """The scheduler beside a slow and obvious model: one list of notes, walked nanosecond-wise."""

    CAPACITY = 6

    def __init__(self) -> None:
        super().__init__()
        self.scheduler = Scheduler(self.CAPACITY)
        self.now = 0
        self.plan: list[Note] = []
        self.down: dict[tuple[int, int], Note] = {}
        self.heard: dict[tuple[int, int], int] = {}
        self.late = 0
        self.refused = 0
        self.timeline = Timeline(480 * MS, 0, 0)

    @rule(beat_ms=st.sampled_from([120, 240, 333, 480, 960, 3000]), glides=st.booleans())
    def retime(self, beat_ms: int, glides: bool) -> None:
        """Another tempo: from the tick in progress on, or as if it had always been."""
        before, tick = self.timeline, self.timeline.tick_at(self.now)
        origin = (tick, before.time_at(tick)) if glides else (0, 0)
        after = self.timeline = Timeline(beat_ms * MS, *origin)
        self.scheduler.retime(before, after)
        self.plan = [self.carried(note, before, after) for note in self.plan]
        for key, note in self.down.items():
            self.down[key] = note._replace(off_ns=before.carry(note.off_ns, after))

    def carried(self, note: Note, before: Timeline, after: Timeline) -> Note:
        on_ns = before.carry(note.on_ns, after)
        return note._replace(on_ns=on_ns, off_ns=max(before.carry(note.off_ns, after), on_ns + 1))

    @rule(
        wait=st.integers(-80, 120),
        length=st.integers(1, 90),
        channel=st.integers(0, 1),
        pitch=st.integers(60, 61),
        generation=st.integers(0, 3),
    )
    def add(self, wait: int, length: int, channel: int, pitch: int, generation: int) -> None:
        start, key = self.now + wait * MS, (channel, pitch)
        note = Note(start, start + length * MS, key, generation)
        taken = self.scheduler.add(note.on_ns, note.off_ns, channel, pitch, 64, generation)
        assert taken == (len(self.plan) < self.CAPACITY)
        if taken:
            self.plan.append(note)
        else:
            self.refused += 1

    @rule(step=st.integers(0, 200))
    def go_on(self, step: int) -> None:
        self.now += step * MS
        sent = self.scheduler.due(self.now)
        self.listen(sent)
        assert sent == self.expected()

    @rule()
    def cancel(self) -> None:
        assert self.scheduler.cancel() == len(self.plan)
        self.plan.clear()

    @rule()
    def release(self) -> None:
        sent = self.scheduler.release(self.now)
        self.listen(sent)
        assert {(one.message[0] & 15, one.message[1]) for one in sent} == set(self.down)
        assert len(sent) == len(self.down)
        self.plan.clear()
        self.down.clear()
        assert not any(self.heard.values())
        assert self.scheduler.next_due_ns() is None

    @precondition(lambda self: self.scheduler.next_due_ns() is not None)
    @rule()
    def wait_for_the_next(self) -> None:
        due = self.scheduler.next_due_ns()
        assert due is not None
        self.now = max(self.now, due)
        before = (self.scheduler.late, self.scheduler.planned)
        sent = self.scheduler.due(self.now)
        self.listen(sent)
        assert sent == self.expected()
        assert sent or before != (self.scheduler.late, self.scheduler.planned)

    @invariant()
    def it_knows_what_sounds_and_what_it_dropped(self) -> None:
        assert self.scheduler.sounding == set(self.down)
        assert self.scheduler.sounding == {key for key, count in self.heard.items() if count}
        assert self.scheduler.planned == len(self.plan) <= self.CAPACITY
        assert (self.scheduler.late, self.scheduler.refused) == (self.late, self.refused)

    def listen(self, sent: list[Sent]) -> None:
        """Every note-on is followed by exactly one note-off before the next one of its key."""
        for _, message, _ in sent:
            key = (message[0] & 15, message[1])
            self.heard[key] = self.heard.get(key, 0) + (1 if message[0] & 0xF0 == 0x90 else -1)
            assert self.heard[key] in (0, 1)

    def expected(self) -> list[Sent]:
        result: list[Sent] = []
        moments = {note.on_ns for note in self.plan} | {note.off_ns for note in self.plan}
        moments |= {note.off_ns for note in self.down.values()}
        for moment in sorted(at for at in moments if at <= self.now):
            self.end_at(moment, result)
            for note in [note for note in self.plan if note.on_ns == moment]:
                self.plan.remove(note)
                self.begin(note, result)
            # A note added too late to end in its own time ends as soon as it has begun.
            self.end_at(moment, result)
        return result

    def end_at(self, moment: int, result: list[Sent]) -> None:
        for note in sorted(self.down.values(), key=lambda note: (note.off_ns, note.key)):
            if note.off_ns <= moment:
                self.end(note, note.off_ns, result)

    def end(self, note: Note, wanted: int, result: list[Sent]) -> None:
        del self.down[note.key]
        channel, pitch = note.key
        result.append(Sent(wanted, off(pitch, channel), note.generation))

    def begin(self, note: Note, result: list[Sent]) -> None:
        if self.now - note.on_ns > LATEST_NS:
            self.late += 1
            return
        if note.key in self.down:
            self.end(self.down[note.key], note.on_ns, result)
        self.down[note.key] = note
        channel, pitch = note.key
        result.append(Sent(note.on_ns, on(pitch, channel), note.generation))


TestNoteOffContract = NoteOffContract.TestCase
TestNoteOffContract.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
