"""The model plays along: a bass under chords, made anew from the next commitment on at each change.

What is committed stays, what was only planned is taken back. Nothing here that a client could not
say on the wire: rewind, listen, answer.
"""

from __future__ import annotations

import itertools

from antiphon.engine.desk import Desk
from antiphon.engine.notes import INSTRUMENTS, PIANO, Note, NoteOff, NoteOn
from antiphon.engine.protocol import Answer, Heard, Listen, Notes, Open, Rewind
from antiphon.engine.session import Session
from antiphon.engine.transcript import Transcript
from antiphon.engine.wishes import Constraints, Feel
from bundles import few_model

BASS = INSTRUMENTS.index("bass")
WISHES = Constraints(instruments=(BASS,), never=(PIANO,), enter_within=0)
COMMITTED = 14
"""Ticks that cannot be taken back any more: 150 ms."""
BEAT = 48
CHORDS = [(60, 64, 67), (57, 60, 64), (62, 65, 69), (59, 62, 67)] * 6


class Duet:
    """A player's chords, a beat each, and the bass that is made to them."""

    def __init__(self) -> None:
        clock = itertools.count(step=1_000_000)
        self.desk = Desk(few_model(), "few", lambda: next(clock))
        self.desk.handle(
            b"", Open(1, bpm=120, constraints=WISHES, feel=Feel(top_p=1, min_p=0), seed=3)
        )
        self.plan: list[Note] = []

    def change(self, number: int, tick: int, before: tuple[int, ...], now: tuple[int, ...]) -> None:
        """The player goes on to another chord."""
        commit = tick + COMMITTED
        events = [NoteOff(tick, PIANO, pitch) for pitch in before]
        self.desk.handle(b"", Rewind(1, commit))
        self.plan = [note for note in self.plan if note.onset < commit]
        self.desk.handle(
            b"", Listen(1, (*events, *(NoteOn(tick, PIANO, pitch, 80) for pitch in now)))
        )
        self.desk.handle(b"", Answer(1, number, start=commit, until=10**6, prompt=True))
        self.desk.handle(b"", Heard(1, tick, 2 * BEAT))
        while self.desk.busy:
            for _, reply in self.desk.turn():
                if isinstance(reply, Notes) and reply.generation == number:
                    self.plan += reply.notes

    @property
    def remembered(self) -> Transcript:
        """What the engine knows of it."""
        (conversation,) = self.desk.conversations
        (session,) = conversation.voices.values()
        return session.transcript


def strikes(notes: list[Note], until: int) -> list[tuple[int, int]]:
    """The bass before a tick: onsets and pitches."""
    return sorted((n.onset, n.pitch) for n in notes if n.instrument == BASS and n.onset < until)


def test_the_bass_goes_on_under_every_chord_and_what_was_committed_stays() -> None:
    duet = Duet()
    before: tuple[int, ...] = ()
    for number, chord in enumerate(CHORDS):
        tick = number * BEAT
        committed = strikes(duet.plan, tick + COMMITTED)
        duet.change(number, tick, before, chord)
        before = chord

        assert strikes(duet.plan, tick + COMMITTED) == committed
        assert strikes(duet.remembered.notes(), tick + COMMITTED) == committed
        assert len(duet.plan) > len(committed), "no music for the coming beat"
    assert {note.instrument for note in duet.plan} == {BASS}


def test_what_the_engine_remembers_of_it_is_what_was_played() -> None:
    duet = Duet()
    before: tuple[int, ...] = ()
    for number, chord in enumerate(CHORDS):
        duet.change(number, number * BEAT, before, chord)
        before = chord
    (conversation,) = duet.desk.conversations
    session = next(iter(conversation.voices.values()))
    session.cancel()
    last = (len(CHORDS) - 1) * BEAT + COMMITTED
    session.rewind(last)
    heard = session.transcript.notes()

    of_player = [n for n in heard if n.instrument == PIANO]
    assert [(n.onset, n.pitch) for n in of_player] == [
        (number * BEAT, pitch) for number, chord in enumerate(CHORDS) for pitch in sorted(chord)
    ]
    assert all(n.length == BEAT for n in of_player[:-3])
    kept = {(n.onset, n.pitch) for n in duet.plan if n.onset < last}
    assert {(n.onset, n.pitch) for n in heard if n.instrument == BASS} == kept
    fresh = Session(few_model(), Open(1, constraints=WISHES))
    fresh.transcript.rows[:] = session.transcript.rows
    assert fresh.logits() == session.logits()
